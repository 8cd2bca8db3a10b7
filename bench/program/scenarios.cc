// SPDX-License-Identifier: Apache-2.0
// The table of what is measured.
#include <linux/bpf.h>
#include <netinet/in.h>

#include "program/configurations.h"
#include "program/scenario.h"

namespace sluice::bench {

namespace {

constexpr uint32_t kIpv4Header = 20, kIpv6Header = 40, kUdpHeader = 8;
constexpr uint32_t kGreHeader = 4, kGueHeader = 4, kGeneveHeader = 8;
constexpr uint16_t kFouPort = 5555, kGuePort = 6080, kGenevePort = 6081;

const Packet kTcp4 = {.destination = vip(Family::kV4)};
const Packet kSyn4 = {.destination = vip(Family::kV4), .tcp_flags = kTcpSyn};
const Packet kUdp4 = {.destination = vip(Family::kV4), .port = 443, .protocol = IPPROTO_UDP};
const Packet kTcp6 = {.destination = vip(Family::kV6)};

const Outcome kInIpip = {
    .action = XDP_TX, .growth = kIpv4Header, .outer_family = 4, .outer_protocol = IPPROTO_IPIP};

Outcome in_udp4(uint16_t port, uint32_t header) {
  return {.action = XDP_TX,
          .growth = kIpv4Header + kUdpHeader + header,
          .outer_family = 4,
          .outer_protocol = IPPROTO_UDP,
          .outer_port = port};
}

std::string v4_over(const std::string& forward) {
  return plain_configuration(Family::kV4, Family::kV4, forward);
}

Result<void> exchange_backends(World& world) {
  return world.publish(exchanged_configuration());
}

std::vector<Scenario> make_scenarios() {
  const std::string ipip = v4_over("ipip");
  const std::vector<Order> usual = {kOneFlow, k128kFlows};
  return {
      {.name = "null-tx",
       .summary = "control: a program that only transmits; costs nothing",
       .program = Program::kNullTx,
       .packet = kTcp4,
       .outcome = {.action = XDP_TX},
       .orders = {kOneFlow}},
      {.name = "encap-only",
       .summary = "control: writes a ready IPIP header, reads nothing",
       .program = Program::kEncapOnly,
       .packet = kTcp4,
       .outcome = kInIpip,
       .orders = {kOneFlow}},
      {.name = "encap-words",
       .summary = "control: the same in words of 8 bytes",
       .program = Program::kEncapWords,
       .packet = kTcp4,
       .outcome = kInIpip,
       .orders = {kOneFlow}},
      {.name = "tcp4-ipip",
       .summary = "established TCP over IPv4, in IPIP",
       .yaml = ipip,
       .packet = kTcp4,
       .outcome = kInIpip,
       .orders = {kOneFlow, k1kFlows, k128kFlows, k1MFlows}},
      {.name = "syn4-ipip",
       .summary = "a flood of SYNs, each of a new flow",
       .yaml = ipip,
       .packet = kSyn4,
       .outcome = kInIpip,
       .orders = {kNewFlows}},
      {.name = "udp4-ipip",
       .summary = "UDP over IPv4, in IPIP",
       .yaml = ipip,
       .packet = kUdp4,
       .outcome = kInIpip,
       .orders = usual},
      {.name = "tcp6-ipip",
       .summary = "TCP over IPv6, in IPv6",
       .yaml = plain_configuration(Family::kV6, Family::kV6, "ipip"),
       .packet = kTcp6,
       .outcome = {.action = XDP_TX,
                   .growth = kIpv6Header,
                   .outer_family = 6,
                   .outer_protocol = IPPROTO_IPV6},
       .orders = usual},
      {.name = "tcp4-ip6",
       .summary = "TCP over IPv4, to backends with IPv6 addresses",
       .yaml = plain_configuration(Family::kV4, Family::kV6, "ipip"),
       .packet = kTcp4,
       .outcome = {.action = XDP_TX,
                   .growth = kIpv6Header,
                   .outer_family = 6,
                   .outer_protocol = IPPROTO_IPIP},
       .orders = usual},
      {.name = "tcp4-gue",
       .summary = "TCP over IPv4, in GUE",
       .yaml = v4_over("gue"),
       .packet = kTcp4,
       .outcome = in_udp4(kGuePort, kGueHeader),
       .orders = usual},
      {.name = "tcp4-gre",
       .summary = "TCP over IPv4, in GRE",
       .yaml = v4_over("gre"),
       .packet = kTcp4,
       .outcome = {.action = XDP_TX,
                   .growth = kIpv4Header + kGreHeader,
                   .outer_family = 4,
                   .outer_protocol = IPPROTO_GRE},
       .orders = usual},
      {.name = "tcp4-geneve",
       .summary = "TCP over IPv4, in Geneve",
       .yaml = v4_over("geneve"),
       .packet = kTcp4,
       .outcome = in_udp4(kGenevePort, kGeneveHeader),
       .orders = usual},
      {.name = "tcp4-fou",
       .summary = "TCP over IPv4, in FOU",
       .yaml = v4_over("fou"),
       .packet = kTcp4,
       .outcome = in_udp4(kFouPort, 0),
       .orders = usual},
      {.name = "tcp4-l2",
       .summary = "TCP over IPv4, without a tunnel",
       .yaml = v4_over("l2"),
       .packet = kTcp4,
       .outcome = {.action = XDP_TX},
       .orders = usual},
      {.name = "not-vip",
       .summary = "TCP over IPv4, for somebody else",
       .yaml = ipip,
       .packet = {.destination = kNotVip},
       .outcome = {.action = XDP_PASS},
       .orders = usual},
      {.name = "tcp4-ipip-always",
       .summary = "as tcp4-ipip, every flow remembered",
       .yaml = tracking_configuration("always"),
       .packet = kTcp4,
       .outcome = kInIpip,
       .orders = usual,
       .begins = true},
      {.name = "tcp4-ipip-transition",
       .summary = "as tcp4-ipip, every slot changing hands, every flow remembered",
       .yaml = tracking_configuration("adaptive"),
       .packet = kTcp4,
       .outcome = kInIpip,
       .orders = usual,
       .begins = true,
       .setup = exchange_backends},
      {.name = "syn4-ipip-transition",
       .summary = "a flood of SYNs, every slot changing hands: few are remembered",
       .yaml = tracking_configuration("adaptive"),
       .packet = kSyn4,
       .outcome = kInIpip,
       .orders = {kNewFlows},
       .setup = exchange_backends},
      {.name = "tcp4-ipip-everything",
       .summary = "as tcp4-ipip, with everything configured that there is",
       .yaml = everything_configuration(),
       .packet = kTcp4,
       .outcome = kInIpip,
       .orders = usual},
  };
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = make_scenarios();
  return all;
}

}  // namespace sluice::bench
