// SPDX-License-Identifier: Apache-2.0
// Tunnel headers that the agent does not take, and what it does not take out of any tunnel.
#include "agent/tunnels.h"

namespace sluice::test {
namespace {

class TunnelHeader : public AgentPacket {};

TEST_P(TunnelHeader, IsDropped) {
  check_row(GetParam());
}

Row gre_flags(uint16_t flags, sluice_agent_drop_reason why) {
  return drop_row("Flags" + std::to_string(flags),
                  frame4(in_gre(inner4(), {.flags = flags, .fields = Bytes(12)})), why);
}
Row gre_type(uint16_t type) {
  return drop_row("Type" + std::to_string(type), frame4(in_gre(inner4(), {.type = type})),
                  SLUICE_AGENT_DROP_TUNNEL_PROTOCOL);
}
std::vector<Row> gre() {
  std::vector<Row> rows;
  for (uint16_t version = 1; version < 8; version++)
    rows.push_back(gre_flags(version, SLUICE_AGENT_DROP_TUNNEL_VERSION));
  for (const uint16_t bit : {0x4000, 0x0800, 0x0400})
    rows.push_back(gre_flags(bit, SLUICE_AGENT_DROP_TUNNEL_FLAGS));
  rows.push_back(gre_flags(0xf000, SLUICE_AGENT_DROP_TUNNEL_FLAGS));
  rows.push_back(gre_flags(0x3001, SLUICE_AGENT_DROP_TUNNEL_VERSION));  // PPTP
  // A keepalive has type 0.
  for (const uint16_t type : {0, 0x0806, 0x6558, 0x8100, 0x8847, 0x880b, 0x883e, 0x0008, 0xffff})
    rows.push_back(gre_type(type));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Gre, TunnelHeader, testing::ValuesIn(gre()), row_name);

Row gue_row(std::string name, const Gue& gue, sluice_agent_drop_reason why) {
  return drop_row(std::move(name), frame4(in_gue(inner4(), gue)), why);
}
std::vector<Row> gue() {
  std::vector<Row> rows;
  for (const uint8_t first : {0x80, 0xc0, 0xa0, 0xff, 0x9f})
    rows.push_back(gue_row("First" + std::to_string(first), {.first = first},
                           SLUICE_AGENT_DROP_TUNNEL_VERSION));
  rows.push_back(gue_row("Control", {.first = 0x20}, SLUICE_AGENT_DROP_TUNNEL_CONTROL));
  rows.push_back(gue_row("ControlThatLooksLikeIpv4", {.first = 0x20, .protocol = 4, .flags = 1},
                         SLUICE_AGENT_DROP_TUNNEL_CONTROL));
  for (uint32_t bit = 1; bit < 0x10000; bit <<= 1)
    rows.push_back(gue_row("Flag" + std::to_string(bit),
                           {.first = 1, .flags = uint16_t(bit), .fields = Bytes(4)},
                           SLUICE_AGENT_DROP_TUNNEL_FLAGS));
  for (const uint8_t protocol : {0, 1, 3, 5, 6, 17, 40, 42, 47, 59, 94, 137, 255})
    rows.push_back(gue_row("Protocol" + std::to_string(protocol), {.protocol = protocol},
                           SLUICE_AGENT_DROP_TUNNEL_PROTOCOL));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Gue, TunnelHeader, testing::ValuesIn(gue()), row_name);

Row geneve_row(std::string name, const Geneve& geneve, sluice_agent_drop_reason why) {
  return drop_row(std::move(name), frame4(in_geneve(inner4(), geneve)), why);
}
Row ethernet_row(uint16_t type) {
  return drop_row("Ethernet" + std::to_string(type),
                  frame4(in_geneve(in_ethernet(inner4(), type), {.type = 0x6558})),
                  SLUICE_AGENT_DROP_INNER_ETHERNET);
}
std::vector<Row> geneve() {
  std::vector<Row> rows;
  for (const uint8_t first : {0x40, 0x80, 0xc0})
    rows.push_back(geneve_row("First" + std::to_string(first), {.first = first},
                              SLUICE_AGENT_DROP_TUNNEL_VERSION));
  rows.push_back(geneve_row("Oam", {.flags = 0x80}, SLUICE_AGENT_DROP_TUNNEL_CONTROL));
  rows.push_back(geneve_row("OamAndCritical", {.flags = 0xc0}, SLUICE_AGENT_DROP_TUNNEL_CONTROL));
  rows.push_back(
      geneve_row("CriticalWithoutOption", {.flags = 0x40}, SLUICE_AGENT_DROP_TUNNEL_OPTION));
  rows.push_back(geneve_row("CriticalOption",
                            {.first = 1, .flags = 0x40, .options = {0x01, 0x02, 0x80, 0x00}},
                            SLUICE_AGENT_DROP_TUNNEL_OPTION));
  for (const uint16_t type : {0, 0x0806, 0x6559, 0x8100, 0x8847, 0xffff})
    rows.push_back(geneve_row("Type" + std::to_string(type), {.type = type},
                              SLUICE_AGENT_DROP_TUNNEL_PROTOCOL));
  // ARP, VLAN, QinQ, MPLS, Ethernet once more, a length.
  for (const uint16_t type : {0x0806, 0x8100, 0x88a8, 0x8847, 0x6558, 0x0020})
    rows.push_back(ethernet_row(type));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Geneve, TunnelHeader, testing::ValuesIn(geneve()), row_name);

Bytes with_version(uint8_t version) {
  Bytes inner = inner4();
  inner[0] = uint8_t(version << 4 | 5);
  return inner;
}

std::vector<Row> versions_inside() {
  std::vector<Row> rows;
  for (uint8_t v = 0; v < 16; v++) {
    if (v == 4 || v == 6) continue;
    rows.push_back(drop_row("Fou" + std::to_string(v), frame4(in_fou(with_version(v))),
                            SLUICE_AGENT_DROP_INNER_HEADER));
    if (v >> 2 == 1)
      rows.push_back(drop_row("GueVariant1Of" + std::to_string(v), frame6(in_gue1(with_version(v))),
                              SLUICE_AGENT_DROP_INNER_HEADER));
  }
  rows.push_back(
      drop_row("FouOfV4SaysV6", frame4(in_fou(with_version(6))), SLUICE_AGENT_DROP_INNER_LENGTH));
  rows.push_back(drop_row("GreOfV6SaysV4", frame4(in_gre(inner6(), {.type = 0x0800})),
                          SLUICE_AGENT_DROP_INNER_HEADER));
  rows.push_back(drop_row("GueOfV6SaysV4", frame4(in_gue(inner6(), {.protocol = 4})),
                          SLUICE_AGENT_DROP_INNER_HEADER));
  rows.push_back(drop_row("GeneveOfV6SaysV4", frame4(in_geneve(inner6(), {.type = 0x0800})),
                          SLUICE_AGENT_DROP_INNER_HEADER));
  rows.push_back(drop_row("EthernetOfV6SaysV4",
                          frame4(in_geneve(in_ethernet(inner6(), 0x0800), {.type = 0x6558})),
                          SLUICE_AGENT_DROP_INNER_HEADER));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(VersionInside, TunnelHeader, testing::ValuesIn(versions_inside()),
                         row_name);

// Everything that is asked of an inner packet is asked in every tunnel.
std::vector<Row> inner_rules() {
  const Ipv4 client = {.source = kClient4, .destination = kVip4};
  Ipv4 ttl = client, martian = client, elsewhere = client, itself = client, longer = client;
  ttl.ttl = 0;
  martian.source = "127.0.0.1";
  elsewhere.destination = kLocal4;
  itself.source = kVip4;
  longer.total_length = 32;
  std::vector<Row> rows;
  for (const Shape& s : shapes()) {
    const auto row = [&](const char* what, const Bytes& inner, sluice_agent_drop_reason why) {
      rows.push_back(drop_row(s.name + what + "InV4", frame4(s.wrap(inner)), why));
      rows.push_back(drop_row(s.name + what + "InV6", frame6(s.wrap(inner)), why));
    };
    row("Ttl0", inner4(ttl), SLUICE_AGENT_DROP_INNER_TTL);
    row("Martian", inner4(martian), SLUICE_AGENT_DROP_INNER_SOURCE);
    row("VipItself", inner4(itself), SLUICE_AGENT_DROP_INNER_SOURCE);
    row("ToThisHost", inner4(elsewhere), SLUICE_AGENT_DROP_NOT_OUR_VIP);
    row("ToLoopback6", inner6({.source = kClient6, .destination = "::1"}),
        SLUICE_AGENT_DROP_NOT_OUR_VIP);
    row("Longer", inner4(longer), SLUICE_AGENT_DROP_INNER_LENGTH);
    // Packed twice, by a balancer that took the backend for its VIP.
    row("Nested", from(frame4(s.wrap(inner4())), 14), SLUICE_AGENT_DROP_NOT_OUR_VIP);
    row("NestedInIpv6", from(frame6(s.wrap(inner6())), 14), SLUICE_AGENT_DROP_NOT_OUR_VIP);
    row("NestedThrice", from(frame4(s.wrap(from(frame6(s.wrap(inner6())), 14))), 14),
        SLUICE_AGENT_DROP_NOT_OUR_VIP);
  }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(InnerRules, TunnelHeader, testing::ValuesIn(inner_rules()), row_name);

// And everything that is asked of an outer header.
std::vector<Row> outer_rules() {
  const Ipv4 ours = {.source = kBalancer4, .destination = kLocal4};
  const Ipv6 ours6 = {.source = kBalancer6, .destination = kLocal6};
  Ipv4 stranger = ours, vip = ours, self = ours, fragment = ours, version = ours;
  Ipv6 stranger6 = ours6, version6 = ours6;
  stranger.source = kClient4;
  stranger6.source = kClient6;
  vip.source = kVip4;
  self.source = kLocal4;
  fragment.fragment = 0x2000;
  version.version = 5;
  version6.version = 4;
  std::vector<Row> rows;
  for (const Shape& s : shapes()) {
    const Wrapped w = s.wrap(inner4());
    Bytes checksum = frame4(w);
    checksum[14 + 8]--;
    rows.push_back(drop_row(s.name + "Stranger", frame4(w, stranger), SLUICE_AGENT_DROP_SOURCE));
    rows.push_back(drop_row(s.name + "Stranger6", frame6(w, stranger6), SLUICE_AGENT_DROP_SOURCE));
    rows.push_back(drop_row(s.name + "FromVip", frame4(w, vip), SLUICE_AGENT_DROP_SOURCE));
    rows.push_back(drop_row(s.name + "FromUs", frame4(w, self), SLUICE_AGENT_DROP_SOURCE));
    rows.push_back(
        drop_row(s.name + "Fragment", frame4(w, fragment), SLUICE_AGENT_DROP_OUTER_FRAGMENT));
    rows.push_back(
        drop_row(s.name + "Version", frame4(w, version), SLUICE_AGENT_DROP_OUTER_HEADER));
    rows.push_back(
        drop_row(s.name + "Version6", frame6(w, version6), SLUICE_AGENT_DROP_OUTER_HEADER));
    rows.push_back(drop_row(s.name + "Checksum", checksum, SLUICE_AGENT_DROP_OUTER_CHECKSUM));
  }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(OuterRules, TunnelHeader, testing::ValuesIn(outer_rules()), row_name);

}  // namespace
}  // namespace sluice::test
