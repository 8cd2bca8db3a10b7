// SPDX-License-Identifier: Apache-2.0
// Tunnel packets to this host whose outer header is not true, or whose sender is not a balancer.
#include "agent/fixture.h"

namespace sluice::test {
namespace {

class Outer : public AgentPacket {};

TEST_P(Outer, IsDropped) {
  check_row(GetParam());
}

Ipv4 outer4() {
  return {.source = kBalancer4, .destination = kLocal4};
}
Ipv6 outer6() {
  return {.source = kBalancer6, .destination = kLocal6};
}

std::vector<Row> versions_and_header_lengths() {
  std::vector<Row> rows;
  for (uint8_t v = 0; v < 16; v++) {
    Ipv4 ip4 = outer4();
    Ipv6 ip6 = outer6();
    ip4.version = ip6.version = v;
    const std::string name = "Version" + std::to_string(v);
    if (v != 4) rows.push_back(drop_row(name, in4(inner4(), ip4), SLUICE_AGENT_DROP_OUTER_HEADER));
    if (v != 6)
      rows.push_back(drop_row(name + "In6", in6(inner6(), ip6), SLUICE_AGENT_DROP_OUTER_HEADER));
  }
  for (uint8_t ihl = 0; ihl < 5; ihl++) {
    Ipv4 ip = outer4();
    ip.ihl = ihl;
    rows.push_back(drop_row("HeaderLength" + std::to_string(ihl), in4(inner4(), ip),
                            SLUICE_AGENT_DROP_OUTER_HEADER));
  }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Header, Outer, testing::ValuesIn(versions_and_header_lengths()), row_name);

// The frame ends early and the lengths do not know it.
std::vector<Row> truncated_frames() {
  std::vector<Row> rows;
  const Bytes v4 = in4(inner4()), v6 = in6(inner6());
  for (size_t n = 14 + 20; n < v4.size(); n++)
    rows.push_back(
        drop_row("V4To" + std::to_string(n), first(v4, n), SLUICE_AGENT_DROP_OUTER_LENGTH));
  for (size_t n = 14 + 40; n < v6.size(); n++)
    rows.push_back(
        drop_row("V6To" + std::to_string(n), first(v6, n), SLUICE_AGENT_DROP_OUTER_LENGTH));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(FrameCut, Outer, testing::ValuesIn(truncated_frames()), row_name);

Row total_length(uint16_t length, sluice_agent_drop_reason why) {
  Ipv4 ip = outer4();
  ip.total_length = length;
  return drop_row("TotalLength" + std::to_string(length), in4(inner4(), ip), why);
}
Row payload_length(uint16_t length, sluice_agent_drop_reason why) {
  Ipv6 ip = outer6();
  ip.payload_length = length;
  return drop_row("PayloadLength" + std::to_string(length), in6(inner6(), ip), why);
}
// A header length that reaches beyond what is there.
Row options_beyond_the_packet() {
  Ipv4 ip = outer4();
  ip.ihl = 15;
  ip.total_length = 40;
  return drop_row("OptionsBeyondThePacket", in4(inner4(), ip), SLUICE_AGENT_DROP_OUTER_LENGTH);
}
Row options_beyond_the_frame() {
  Ipv4 ip = outer4();
  ip.ihl = 15;
  return drop_row("OptionsBeyondTheFrame", in4(inner4(), ip), SLUICE_AGENT_DROP_OUTER_LENGTH);
}

// The inner packets here are 31 and 51 bytes long.
INSTANTIATE_TEST_SUITE_P(LengthLies, Outer,
                         testing::Values(total_length(0, SLUICE_AGENT_DROP_OUTER_LENGTH),
                                         total_length(1, SLUICE_AGENT_DROP_OUTER_LENGTH),
                                         total_length(19, SLUICE_AGENT_DROP_OUTER_LENGTH),
                                         total_length(20, SLUICE_AGENT_DROP_INNER_LENGTH),
                                         total_length(39, SLUICE_AGENT_DROP_INNER_LENGTH),
                                         total_length(50, SLUICE_AGENT_DROP_INNER_LENGTH),
                                         total_length(52, SLUICE_AGENT_DROP_OUTER_LENGTH),
                                         total_length(1451, SLUICE_AGENT_DROP_OUTER_LENGTH),
                                         total_length(65535, SLUICE_AGENT_DROP_OUTER_LENGTH),
                                         payload_length(0, SLUICE_AGENT_DROP_INNER_LENGTH),
                                         payload_length(39, SLUICE_AGENT_DROP_INNER_LENGTH),
                                         payload_length(50, SLUICE_AGENT_DROP_INNER_LENGTH),
                                         payload_length(52, SLUICE_AGENT_DROP_OUTER_LENGTH),
                                         payload_length(65535, SLUICE_AGENT_DROP_OUTER_LENGTH),
                                         options_beyond_the_packet(), options_beyond_the_frame()),
                         row_name);

Row fragment(std::string name, uint16_t bits) {
  Ipv4 ip = outer4();
  ip.fragment = bits;
  return drop_row(std::move(name), in4(inner4(), ip), SLUICE_AGENT_DROP_OUTER_FRAGMENT);
}
INSTANTIATE_TEST_SUITE_P(Fragment, Outer,
                         testing::Values(fragment("First", 0x2000), fragment("Middle", 0x2001),
                                         fragment("Last", 0x00b9), fragment("Tiny", 0x0001),
                                         fragment("LastOfTheLargest", 0x1fff)),
                         row_name);

std::vector<Row> flipped_bits() {
  std::vector<Row> rows;
  // In the header's fields that nothing else judges: DSCP, id, TTL, checksum.
  for (size_t at : {1, 4, 5, 8, 10, 11}) {
    Bytes frame = in4(inner4());
    frame[14 + at] ^= 0x10;
    rows.push_back(drop_row("Byte" + std::to_string(at), frame, SLUICE_AGENT_DROP_OUTER_CHECKSUM));
  }
  Ipv4 ip = outer4();
  ip.options = Bytes(40, 1);
  Bytes frame = in4(inner4(), ip);
  frame[14 + 59] ^= 0x10;
  rows.push_back(drop_row("LastByteOfOptions", frame, SLUICE_AGENT_DROP_OUTER_CHECKSUM));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Checksum, Outer, testing::ValuesIn(flipped_bits()), row_name);

Row from4(std::string name, const std::string& source) {
  Ipv4 ip = outer4();
  ip.source = source;
  return drop_row(std::move(name), in4(inner4(), ip), SLUICE_AGENT_DROP_SOURCE);
}
Row from6(std::string name, const std::string& source) {
  Ipv6 ip = outer6();
  ip.source = source;
  return drop_row(std::move(name), in6(inner6(), ip), SLUICE_AGENT_DROP_SOURCE);
}
INSTANTIATE_TEST_SUITE_P(
    Source, Outer,
    testing::Values(from4("Client", kClient4), from4("Neighbour", "203.0.113.3"),
                    from4("BelowTheNetwork", "203.0.113.127"),
                    from4("AboveTheNetwork", "203.0.114.0"), from4("Ourselves", kLocal4),
                    from4("Vip", kVip4), from4("Loopback", "127.0.0.1"), from6("Client6", kClient6),
                    from6("Neighbour6", "2001:db8:b::3"),
                    from6("BelowTheNetwork6", "2001:db8:b:7fff::1"), from6("Ourselves6", kLocal6),
                    from6("Vip6", kVip6), from6("Loopback6", "::1"),
                    from6("BalancerAsMappedIpv6", "::ffff:203.0.113.2")),
    row_name);

Row everybody(Row row) {
  row.everybody = true;
  return row;
}
INSTANTIATE_TEST_SUITE_P(MartianWhereEverybodyIsAllowed, Outer,
                         testing::Values(everybody(from4("This", "0.0.0.0")),
                                         everybody(from4("Loopback", "127.0.0.1")),
                                         everybody(from4("Multicast", "224.0.0.1")),
                                         everybody(from4("Broadcast", "255.255.255.255")),
                                         everybody(from6("Unspecified", "::")),
                                         everybody(from6("Loopback6", "::1")),
                                         everybody(from6("Multicast6", "ff02::1")),
                                         everybody(from6("Mapped", "::ffff:203.0.113.2"))),
                         row_name);

}  // namespace
}  // namespace sluice::test
