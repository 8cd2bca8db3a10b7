// SPDX-License-Identifier: Apache-2.0
// What an operator means: a configuration that has already been found valid.
//
// Plain values, comparable as wholes. config/ makes them from text; plan/ compiles them. Every
// default is filled in here by the reader, so nobody downstream asks "was it given?".
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "model/check.h"

namespace sluice {

// How the data plane is attached to an interface. kAuto: native, else generic, said loudly; the
// others are that or nothing.
enum class AttachMode { kAuto, kNative, kGeneric, kTc, kOffload };

// Verdicts of ours after which another program may have its turn; the kernel's numbers. Not those
// that send a packet: the verdict of the last program counts.
enum class XdpVerdict : uint8_t { kAborted = 0, kDrop = 1, kPass = 2 };

// How an interface is shared with other XDP programs, by libxdp's dispatcher.
struct Share {
  uint32_t priority = 50;  // programs with lower ones run first; this is libxdp's default
  std::set<XdpVerdict> go_on_after = {XdpVerdict::kPass};

  bool operator==(const Share&) const = default;
};

struct Interface {
  std::string name;
  AttachMode mode = AttachMode::kAuto;
  std::optional<Share> share = {};  // without it ours is the only XDP program
  // A fixed next hop for everything sent out of this interface; without it the kernel's routes
  // and neighbours decide.
  std::optional<MacAddress> next_hop;
  // VLAN tags that a packet came with go out with it, when it goes out by this interface.
  bool keep_vlan = true;

  bool operator==(const Interface&) const = default;
};

// How packets reach a backend. kL2: no tunnel, only the backend's MAC address (it must be on the
// link).
enum class Tunnel { kL2, kIpip, kGre, kFou, kGue, kGeneve };

struct Forward {
  Tunnel tunnel = Tunnel::kIpip;
  // Outer source per family: an address, or a prefix whose free bits carry the flow's entropy.
  // Without it the address the kernel would use on the way.
  std::optional<IpPrefix> source_v4, source_v6;
  uint16_t port = 0;        // UDP destination of FOU, GUE and Geneve, host byte order
  uint16_t port_v6 = 0;     // the same for IPv6 inside; FOU tells the two apart by the port alone
  uint8_t gue_variant = 0;  // 0 (with the GUE header) or 1 (IP directly behind UDP)
  uint32_t vni = 0;         // Geneve's virtual network, 24 bits
  bool checksum_v6 = true;  // UDP checksum over an outer IPv6; off: zero (RFC 6936)

  bool operator==(const Forward&) const = default;
};

// Which fields of a packet choose its slot.
enum class HashFields { kFiveTuple, kSource, kSourceAndVip };

// What becomes of packets for a service without a usable backend.
enum class EmptyPolicy { kDrop, kPass, kReset };

// Which flows are remembered: those whose slot is changing, all of them, or none.
enum class Tracking { kAdaptive, kAlways, kNever };

struct Backend {
  std::string name;  // unique in its pool
  IpAddress address;
  uint32_t weight = 100;  // 0-1000; 0 = gets no new flows
  Forward forward;

  bool operator==(const Backend&) const = default;
};

struct Pool {
  std::string name;
  std::vector<Backend> backends;    // in the order of the file, which means nothing
  std::optional<Check> check = {};  // without one every backend is taken for healthy
  uint32_t minimum = 0;  // fewer healthy backends than this: services of the pool are down
  // A smaller share of healthy backends than this, in percent: checks are not believed, and all
  // backends are used. 0: they are always believed.
  uint32_t panic = 50;
  std::chrono::seconds slow_start{0};  // a backend that comes up has its whole weight after so long

  bool operator==(const Pool&) const = default;
};

// The ports first..last of a protocol, host byte order.
struct PortRange {
  uint16_t first = 0, last = 0;
  uint8_t protocol = 0;  // IPPROTO_TCP, IPPROTO_UDP, or 0: every protocol, ports or none

  // Every port of the protocol, port 0 included; always so for every protocol.
  static PortRange any(uint8_t protocol) { return {0, 0xffff, protocol}; }
  static PortRange one(uint16_t port, uint8_t protocol) { return {port, port, protocol}; }

  bool is_any() const { return first == 0 && last == 0xffff; }
  bool is_one() const { return first == last; }
  bool is_range() const { return !is_one() && !is_any(); }

  auto operator<=>(const PortRange&) const = default;
};

struct Service {
  std::string name;
  std::vector<IpPrefix> vips;
  std::vector<PortRange> ports;
  std::string pool;  // a key of Config::pools; an anonymous pool is named "service:<name>"
  HashFields hash = HashFields::kFiveTuple;
  EmptyPolicy empty = EmptyPolicy::kDrop;
  Tracking tracking = Tracking::kAdaptive;

  bool operator==(const Service&) const = default;
};

struct Config {
  std::vector<Interface> interfaces;  // at least one
  uint32_t ring_size = 65537;         // slots of every ring; a prime
  // Largest packet towards backends in bytes, outer headers included; 0: as the way out allows.
  uint32_t mtu = 0;
  // How long a flow may be silent while its backend leaves and still be kept; FLOWS.md's W.
  std::chrono::seconds drain{15 * 60};
  uint32_t flows = 0;  // entries of the flow tables; 0: as many as the memory allows
  std::string seed;    // fleet-wide secret of the flow hash; never logged
  std::map<std::string, Pool> pools;
  std::vector<Service> services;  // in the order of the file

  bool operator==(const Config&) const = default;
};

}  // namespace sluice
