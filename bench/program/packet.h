// SPDX-License-Identifier: Apache-2.0
// The measured packet, for the wrapper as headers and for a test run as bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "program/bpf/bench_abi.h"

namespace sluice::bench {

// Frames come from the router to the balancer, and go back to it towards the backends.
inline constexpr const char* kRouterMac = "02:00:00:00:00:01";
inline constexpr const char* kBalancerMac = "02:00:00:00:00:02";

inline constexpr uint8_t kTcpAck = 0x10, kTcpSyn = 0x02;

// Where flows come from is the same for all: RFC 2544's addresses for benchmarks, and their like of
// IPv6.
struct Packet {
  std::string destination;  // of either family
  uint16_t port = 80;
  uint8_t protocol = 6;         // IPPROTO_TCP or IPPROTO_UDP
  uint8_t tcp_flags = kTcpAck;  // of an established connection
};

// A frame of 64 bytes, or as long as its headers.
bench_headers headers_of(const Packet& packet);

// The frame with these headers, as it is for `flow`.
std::vector<uint8_t> frame_of(const bench_headers& headers, uint32_t flow);

}  // namespace sluice::bench
