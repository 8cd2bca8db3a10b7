// SPDX-License-Identifier: Apache-2.0
// How a backend's health is asked for: one rule, as an operator means it. Every default is filled
// in.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace sluice {

// Connects; sends `send` if there is any, and reads until `expect` has come, if there is any.
struct TcpCheck {
  std::string send, expect;  // bytes
  bool operator==(const TcpCheck&) const = default;
};

// Sends one datagram, and wants one back that begins with `expect`.
struct UdpCheck {
  std::string send, expect;  // bytes
  bool operator==(const UdpCheck&) const = default;
};

// HTTP statuses first..last.
struct StatusRange {
  uint16_t first = 200, last = 200;
  bool operator==(const StatusRange&) const = default;
};

// Where a backend says how much of its weight it wants, if anywhere.
enum class WeightSource {
  kNone,
  kHeader,  // X-Load-Balancing-Endpoint-Weight: a number, 100 is all of it
  kBody,    // the body is that number
};

// A GET request. HTTP/2 is negotiated over TLS, or known beforehand without.
struct HttpCheck {
  bool tls = false;
  bool http2 = false;
  bool verify = false;  // the certificate, against the system's authorities and `host`
  std::string path = "/";
  std::string host;  // Host, and SNI over TLS; empty: the address
  std::vector<StatusRange> statuses = {{200, 299}};
  std::string body;  // what the body has to contain; empty: anything
  WeightSource weight = WeightSource::kNone;
  bool operator==(const HttpCheck&) const = default;
};

// Asks for a name over UDP.
struct DnsCheck {
  std::string name;
  uint16_t type = 1;                  // as in RFC 1035: A
  std::vector<uint8_t> rcodes = {0};  // that are good: NOERROR
  bool operator==(const DnsCheck&) const = default;
};

// grpc.health.v1.Health/Check, over HTTP/2.
struct GrpcCheck {
  std::string service;  // empty: the server as a whole
  bool tls = false;
  bool operator==(const GrpcCheck&) const = default;
};

// One ICMP or ICMPv6 echo.
struct IcmpCheck {
  bool operator==(const IcmpCheck&) const = default;
};

// An operator's program. Exit status 0: good, 1: bad, anything else: unknown. It finds what it is
// to ask in its environment.
struct ExecCheck {
  std::vector<std::string> command;  // its path, which is absolute, and its arguments
  bool operator==(const ExecCheck&) const = default;
};

enum class CheckPath {
  kTunnel,  // to the VIP, inside the backend's own encapsulation, as its traffic
  kDirect,  // to the backend's address
};

struct Check {
  std::variant<TcpCheck, UdpCheck, HttpCheck, DnsCheck, GrpcCheck, IcmpCheck, ExecCheck> probe;
  CheckPath via = CheckPath::kTunnel;  // of ExecCheck always kDirect
  // Host byte order. 0: the first port of the service that is one alone (PortRange::is_one()), of
  // the probe's protocol if there is one; IcmpCheck has none, and ExecCheck does without.
  uint16_t port = 0;
  std::chrono::milliseconds every{2000}, timeout{1000};
  uint32_t rise = 2, fall = 3;  // answers in a row that change what is believed
  std::chrono::seconds hold_down{
      30};  // a backend found down keeps its flows so long (FLOWS, rule 11)
  bool operator==(const Check&) const = default;
};

}  // namespace sluice
