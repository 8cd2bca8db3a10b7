// SPDX-License-Identifier: Apache-2.0
// A packet row of the agent: a frame through the shipped programs of both hooks, with fresh tables.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "abi/agent_abi.h"
#include "support/packet_builder.h"

namespace sluice::test {

// The backend, its balancers and its VIPs.
inline const std::string kOurMac = "02:00:00:00:00:0b", kRouterMac = "02:00:00:00:00:01";
inline const std::string kLocal4 = "203.0.113.6", kLocal6 = "2001:db8:e::6";
inline const std::string kBalancer4 = "203.0.113.2", kBalancer6 = "2001:db8:b::2";
inline const std::string kAllowedNet4 = "203.0.113.128";      // a /25
inline const std::string kAllowedNet6 = "2001:db8:b:8000::";  // a /49
// Allowed as well, because balancers make up such sources: 172.16.0.0/12, fd00::/8, 100::/64.
inline const std::string kVip4 = "192.0.2.10", kVip6 = "2001:db8::10";
inline const std::string kClient4 = "198.51.100.7", kClient6 = "2001:db8:c::7";
inline constexpr uint16_t kFouPort = 5555, kFouPort6 = 5556, kGuePort = 6080, kGenevePort = 6081;

struct Row {
  std::string name;
  Bytes in;
  std::optional<sluice_agent_drop_reason> drop = {};
  std::optional<sluice_agent_pass_reason> pass = {};
  Bytes out = {};          // of a packet that left its tunnel
  uint64_t bytes = 0;      // counted for it
  bool no_skb = false;     // too short for BPF_PROG_TEST_RUN to make a packet for tc of it
  bool everybody = false;  // 0.0.0.0/0 and ::/0 are allowed, too
  sluice_agent_tunnel tunnel = SLUICE_AGENT_TUNNEL_IPIP;  // out of which it came
};
void PrintTo(const Row& row, std::ostream* os);

Row drop_row(std::string name, Bytes in, sluice_agent_drop_reason why);
// Must come out as it came.
Row pass_row(std::string name, Bytes in, sluice_agent_pass_reason why);
// `inner` is the whole inner packet; `behind` is what the frame holds behind it.
Row open_row(std::string name, Bytes in, const Bytes& inner, const Bytes& behind = {});

// Runs the row at XDP and at tc; compares action, whole packet and every counter.
void check_row(const Row& row);
// At tc alone, where the packet may consist of merged ones, each of `segment` bytes.
void check_row_at_tc(const Row& row, uint32_t segment = 0);

class AgentPacket : public testing::TestWithParam<Row> {};

inline std::string row_name(const testing::TestParamInfo<Row>& info) {
  return info.param.name;
}

// A client's IP packet to a VIP: UDP with 3 bytes in it.
Bytes inner4(Ipv4 ip = {.source = kClient4, .destination = kVip4});
Bytes inner6(Ipv6 ip = {.source = kClient6, .destination = kVip6});
// A frame with `inner` in a tunnel, from the balancer to the backend unless `ip` says otherwise.
// The outer protocol number is that of the inner packet's version nibble unless `ip` says it.
Bytes in4(const Bytes& inner, Ipv4 ip = {.source = kBalancer4, .destination = kLocal4});
Bytes in6(const Bytes& inner, Ipv6 ip = {.source = kBalancer6, .destination = kLocal6});

}  // namespace sluice::test
