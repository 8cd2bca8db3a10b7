// SPDX-License-Identifier: Apache-2.0
// What is to be sent, as a value: which kinds of packets, of how many flows, in which order.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace sluice::loadgen {

// What a turn of a flow sends.
enum class Kind : uint8_t {
  kSyn,
  kEstablished,  // a segment with data
  kFin,
  kIcmp,  // the client tells that a packet from the VIP was too big: it belongs to the flow's
          // backend
  kUdp,
  kFragments,  // a UDP datagram in two of them
  kQuic,
  kEcho,
};
inline constexpr size_t kKinds = 8;
const char* to_string(Kind kind);

// Kinds of one class share flows: their packets must all reach the same backend.
enum class FlowClass : uint8_t { kTcp, kUdp, kQuic, kEcho };
inline constexpr size_t kFlowClasses = 4;
FlowClass class_of(Kind kind);

// Weights by kind.
using Mix = std::array<uint32_t, kKinds>;

struct Vip {
  IpAddress address;
  uint16_t port = 0;  // host byte order

  bool operator==(const Vip&) const = default;
};

struct Traffic {
  std::vector<Vip> vips;
  IpPrefix sources_v4, sources_v6;  // where clients are from
  Mix mix = {};
  uint64_t flows = 1000;  // that are alive at a time
  double zipf = 0;        // exponent; 0: in turn, as often each
  double new_flows = 0;   // a second, each in the place of the oldest one
  double flood = 0;       // the share of turns that are SYNs of flows never seen before, 0 to 1
  uint32_t size = 64;     // bytes of a frame without its checksum, or what the headers take
  uint64_t seed = 1;
};

// The largest frame: Ethernet's header and an MTU of 1500 bytes.
inline constexpr uint32_t kMostSize = 1514;
// Flows of a run, old and new: each takes memory.
inline constexpr uint64_t kMostFlows = 1 << 28;

// Empty where it can be sent for `seconds`; else what is wrong with it.
Result<void> check(const Traffic& traffic, double seconds);

// "established=90,syn=5"; a kind alone has weight 1.
Result<Mix> parse_mix(std::string_view text);
// "192.0.2.10:443", "[2001:db8::10]:443"
Result<Vip> parse_vip(std::string_view text);
// "uniform" is 0, "zipf:1.1" is 1.1.
Result<double> parse_order(std::string_view text);
// "100k", "1.5M", "250", with or without "/s"; "max" is 0 where `max` is allowed.
Result<double> parse_rate(std::string_view text, bool max_allowed);
// "10%" or "0.1" is 0.1
Result<double> parse_share(std::string_view text);
// "10s", "500ms", "2m": seconds.
Result<double> parse_seconds(std::string_view text);

}  // namespace sluice::loadgen
