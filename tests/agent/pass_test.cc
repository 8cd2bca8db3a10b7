// SPDX-License-Identifier: Apache-2.0
// Not ours, not touched: what reaches the kernel exactly as it came.
#include "agent/fixture.h"

namespace sluice::test {
namespace {

class Pass : public AgentPacket {};

TEST_P(Pass, IsLeftAlone) {
  check_row(GetParam());
}

Bytes ethertype(uint16_t type, size_t payload = 64) {
  return PacketBuilder().ethernet(kOurMac, kRouterMac, type).payload(payload).build();
}
PacketBuilder frame4(Ipv4 ip) {
  return PacketBuilder().ethernet(kOurMac, kRouterMac).ipv4(std::move(ip));
}
PacketBuilder frame6(Ipv6 ip) {
  return PacketBuilder().ethernet(kOurMac, kRouterMac).ipv6(std::move(ip));
}

// A frame that ends before an IP header does.
Row short_row(std::string name, Bytes in) {
  Row row = pass_row(std::move(name), std::move(in), SLUICE_AGENT_PASS_NOT_IP);
  row.no_skb = true;
  return row;
}

INSTANTIATE_TEST_SUITE_P(
    NotIp, Pass,
    testing::Values(pass_row("Arp", ethertype(0x0806, 28), SLUICE_AGENT_PASS_NOT_IP),
                    pass_row("Vlan", ethertype(0x8100), SLUICE_AGENT_PASS_NOT_IP),
                    pass_row("Lldp", ethertype(0x88cc), SLUICE_AGENT_PASS_NOT_IP),
                    pass_row("Length", ethertype(64), SLUICE_AGENT_PASS_NOT_IP),
                    short_row("EthernetHeaderOnly4", ethertype(0x0800, 0)),
                    short_row("EthernetHeaderOnly6", ethertype(0x86dd, 0))),
    row_name);

std::vector<Row> too_short() {
  std::vector<Row> rows;
  for (size_t n = 0; n < 20; n++)
    rows.push_back(short_row("V4CutTo" + std::to_string(n), first(in4(inner4()), 14 + n)));
  for (size_t n = 0; n < 40; n++)
    rows.push_back(short_row("V6CutTo" + std::to_string(n), first(in6(inner6()), 14 + n)));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(TooShortForAnAddress, Pass, testing::ValuesIn(too_short()), row_name);

Row other_protocol4(std::string name, uint8_t protocol) {
  return pass_row(
      std::move(name),
      in4(inner4(), {.source = kBalancer4, .destination = kLocal4, .protocol = protocol}),
      SLUICE_AGENT_PASS_NOT_TUNNEL);
}
Row other_protocol6(std::string name, uint8_t protocol) {
  return pass_row(
      std::move(name),
      in6(inner6(), {.source = kBalancer6, .destination = kLocal6, .next_header = protocol}),
      SLUICE_AGENT_PASS_NOT_TUNNEL);
}

INSTANTIATE_TEST_SUITE_P(
    NotATunnel, Pass,
    testing::Values(
        pass_row("Tcp", frame4({.source = kClient4, .destination = kLocal4}).tcp({1, 22}).build(),
                 SLUICE_AGENT_PASS_NOT_TUNNEL),
        pass_row("TcpToVip",
                 frame4({.source = kClient4, .destination = kVip4}).tcp({1, 80}).build(),
                 SLUICE_AGENT_PASS_NOT_TUNNEL),
        pass_row("Udp6", frame6({.source = kClient6, .destination = kLocal6}).udp({1, 53}).build(),
                 SLUICE_AGENT_PASS_NOT_TUNNEL),
        pass_row("EverythingWrong",
                 frame4({.source = "127.0.0.1",
                         .destination = kLocal4,
                         .ttl = 0,
                         .fragment = 0x3fff,
                         .protocol = 17,
                         .version = 9,
                         .ihl = 1,
                         .total_length = 65535})
                     .payload(8)
                     .build(),
                 SLUICE_AGENT_PASS_NOT_TUNNEL),
        other_protocol4("Icmp", 1), other_protocol4("Esp", 50), other_protocol4("Protocol3", 3),
        other_protocol4("Protocol5", 5), other_protocol6("Icmp6", 58), other_protocol6("Esp6", 50),
        // A tunnel behind extension headers is the kernel's, if it wants it.
        other_protocol6("HopByHop", 0), other_protocol6("Fragment6", 44),
        other_protocol6("DestinationOptions", 60), other_protocol6("Routing", 43)),
    row_name);

Row to4(std::string name, const std::string& destination) {
  return pass_row(std::move(name),
                  in4(inner4(), {.source = kBalancer4, .destination = destination}),
                  SLUICE_AGENT_PASS_NOT_LOCAL);
}
Row to6(std::string name, const std::string& destination) {
  return pass_row(std::move(name),
                  in6(inner6(), {.source = kBalancer6, .destination = destination}),
                  SLUICE_AGENT_PASS_NOT_LOCAL);
}

INSTANTIATE_TEST_SUITE_P(
    TunnelOfOthers, Pass,
    testing::Values(
        to4("OtherAddress", "203.0.113.7"), to4("Vip", kVip4), to4("Broadcast", "255.255.255.255"),
        to6("OtherAddress6", "2001:db8:e::7"), to6("Vip6", kVip6), to6("Multicast6", "ff02::1"),
        to6("LocalAsMappedIpv6", "::ffff:203.0.113.6"),
        to6("LocalAsCompatibleIpv6", "::203.0.113.6"),
        // Nothing about it is judged.
        pass_row("FromAStranger", in4(inner4(), {.source = kClient4, .destination = "203.0.113.7"}),
                 SLUICE_AGENT_PASS_NOT_LOCAL),
        pass_row("Fragment",
                 in4(inner4(),
                     {.source = kBalancer4, .destination = "203.0.113.7", .fragment = 0x2000}),
                 SLUICE_AGENT_PASS_NOT_LOCAL),
        pass_row("NothingInside", in4({}, {.source = kBalancer4, .destination = "203.0.113.7"}),
                 SLUICE_AGENT_PASS_NOT_LOCAL)),
    row_name);

}  // namespace
}  // namespace sluice::test
