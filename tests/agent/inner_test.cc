// SPDX-License-Identifier: Apache-2.0
// Inner packets that no client of a VIP can have sent, in tunnel packets that are in order.
#include "agent/fixture.h"

namespace sluice::test {
namespace {

class Inner : public AgentPacket {};

TEST_P(Inner, IsDropped) {
  check_row(GetParam());
}

Ipv4 client4() {
  return {.source = kClient4, .destination = kVip4};
}
Ipv6 client6() {
  return {.source = kClient6, .destination = kVip6};
}

Bytes tunnel(const Bytes& inner, bool outer_v6, uint8_t protocol) {
  if (outer_v6)
    return in6(inner, {.source = kBalancer6, .destination = kLocal6, .next_header = protocol});
  return in4(inner, {.source = kBalancer4, .destination = kLocal4, .protocol = protocol});
}

// The inner packet ends early, and only its own length does not know it.
std::vector<Row> truncated() {
  std::vector<Row> rows;
  for (const bool outer_v6 : {false, true})
    for (const bool inner_v6 : {false, true}) {
      const Bytes whole = inner_v6 ? inner6() : inner4();
      for (size_t n = 0; n < whole.size(); n++)
        rows.push_back(drop_row(std::string(inner_v6 ? "V6" : "V4") + (outer_v6 ? "InV6" : "InV4") +
                                    "To" + std::to_string(n),
                                tunnel(first(whole, n), outer_v6, inner_v6 ? 41 : 4),
                                SLUICE_AGENT_DROP_INNER_LENGTH));
    }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Truncated, Inner, testing::ValuesIn(truncated()), row_name);

// What Ethernet adds must not be taken for the rest of the inner packet.
INSTANTIATE_TEST_SUITE_P(
    CompletedByPadding, Inner,
    testing::Values(drop_row("V4", join(tunnel(first(inner4(), 30), false, 4), Bytes(6, 0)),
                             SLUICE_AGENT_DROP_INNER_LENGTH),
                    drop_row("V4Header", join(tunnel(first(inner4(), 19), false, 4), Bytes(26, 0)),
                             SLUICE_AGENT_DROP_INNER_LENGTH),
                    drop_row("V6", join(tunnel(first(inner6(), 50), true, 41), Bytes(6, 0)),
                             SLUICE_AGENT_DROP_INNER_LENGTH),
                    drop_row("V4Nothing", join(tunnel({}, false, 4), Bytes(46, 0)),
                             SLUICE_AGENT_DROP_INNER_LENGTH),
                    drop_row("V6Nothing", join(tunnel({}, true, 41), Bytes(46, 0)),
                             SLUICE_AGENT_DROP_INNER_LENGTH),
                    drop_row("V6Header", join(tunnel(first(inner6(), 39), true, 41), Bytes(26, 0)),
                             SLUICE_AGENT_DROP_INNER_LENGTH)),
    row_name);

std::vector<Row> versions_and_header_lengths() {
  std::vector<Row> rows;
  for (uint8_t v = 0; v < 16; v++) {
    Ipv4 ip4 = client4();
    Ipv6 ip6 = client6();
    ip4.version = ip6.version = v;
    const std::string name = "Version" + std::to_string(v);
    if (v != 4)
      rows.push_back(drop_row(name, tunnel(inner4(ip4), false, 4), SLUICE_AGENT_DROP_INNER_HEADER));
    if (v != 6)
      rows.push_back(
          drop_row(name + "Of6", tunnel(inner6(ip6), true, 41), SLUICE_AGENT_DROP_INNER_HEADER));
  }
  for (uint8_t ihl = 0; ihl < 5; ihl++) {
    Ipv4 ip = client4();
    ip.ihl = ihl;
    rows.push_back(drop_row("HeaderLength" + std::to_string(ihl), tunnel(inner4(ip), false, 4),
                            SLUICE_AGENT_DROP_INNER_HEADER));
  }
  rows.push_back(
      drop_row("V6SaidToBeV4", tunnel(inner6(), false, 4), SLUICE_AGENT_DROP_INNER_HEADER));
  rows.push_back(drop_row(
      "V4SaidToBeV6",
      tunnel(inner4({.source = kClient4, .destination = kVip4, .options = Bytes(40, 1)}), true, 41),
      SLUICE_AGENT_DROP_INNER_HEADER));
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Header, Inner, testing::ValuesIn(versions_and_header_lengths()), row_name);

Row total_length(uint16_t length) {
  Ipv4 ip = client4();
  ip.total_length = length;
  return drop_row("TotalLength" + std::to_string(length), tunnel(inner4(ip), false, 4),
                  SLUICE_AGENT_DROP_INNER_LENGTH);
}
Row payload_length(uint16_t length) {
  Ipv6 ip = client6();
  ip.payload_length = length;
  return drop_row("PayloadLength" + std::to_string(length), tunnel(inner6(ip), false, 41),
                  SLUICE_AGENT_DROP_INNER_LENGTH);
}
Row options_beyond_the_packet() {
  Ipv4 ip = client4();
  ip.ihl = 15;
  return drop_row("OptionsBeyondThePacket", tunnel(inner4(ip), false, 4),
                  SLUICE_AGENT_DROP_INNER_LENGTH);
}
INSTANTIATE_TEST_SUITE_P(LengthLies, Inner,
                         testing::Values(total_length(0), total_length(1), total_length(19),
                                         total_length(32), total_length(1431), total_length(65535),
                                         payload_length(12), payload_length(1411),
                                         payload_length(65495), payload_length(65535),
                                         options_beyond_the_packet()),
                         row_name);

INSTANTIATE_TEST_SUITE_P(
    Ttl, Inner,
    testing::Values(
        drop_row("Zero", in4(inner4({.source = kClient4, .destination = kVip4, .ttl = 0})),
                 SLUICE_AGENT_DROP_INNER_TTL),
        drop_row("Zero6", in6(inner6({.source = kClient6, .destination = kVip6, .hop_limit = 0})),
                 SLUICE_AGENT_DROP_INNER_TTL)),
    row_name);

Row source4(std::string name, const std::string& source) {
  return drop_row(std::move(name), in4(inner4({.source = source, .destination = kVip4})),
                  SLUICE_AGENT_DROP_INNER_SOURCE);
}
Row source6(std::string name, const std::string& source) {
  return drop_row(std::move(name), in6(inner6({.source = source, .destination = kVip6})),
                  SLUICE_AGENT_DROP_INNER_SOURCE);
}
INSTANTIATE_TEST_SUITE_P(
    Source, Inner,
    testing::Values(source4("ThisHost", "0.0.0.0"), source4("ThisNetwork", "0.255.255.255"),
                    source4("Loopback", "127.0.0.1"), source4("LoopbackEnd", "127.255.255.255"),
                    source4("Multicast", "224.0.0.1"), source4("MulticastEnd", "239.255.255.255"),
                    source4("Reserved", "240.0.0.1"), source4("Broadcast", "255.255.255.255"),
                    source4("VipItself", kVip4), source6("Unspecified", "::"),
                    source6("Loopback6", "::1"), source6("Multicast6", "ff02::1"),
                    source6("MulticastEnd6", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
                    source6("Mapped", "::ffff:198.51.100.7"), source6("VipItself6", kVip6)),
    row_name);

Row destination4(std::string name, const std::string& destination) {
  return drop_row(std::move(name), in4(inner4({.source = kClient4, .destination = destination})),
                  SLUICE_AGENT_DROP_NOT_OUR_VIP);
}
Row destination6(std::string name, const std::string& destination) {
  return drop_row(std::move(name), in4(inner6({.source = kClient6, .destination = destination})),
                  SLUICE_AGENT_DROP_NOT_OUR_VIP);
}

// Packed once more on the way, by a balancer that took the backend for its VIP.
Bytes twice(const Bytes& inner) {
  const Bytes once = in4(inner);
  return in4(from(once, 14));
}

INSTANTIATE_TEST_SUITE_P(
    Destination, Inner,
    testing::Values(
        destination4("ThisHost", kLocal4), destination4("ThirdParty", "198.51.100.99"),
        destination4("Loopback", "127.0.0.1"), destination4("Nobody", "0.0.0.0"),
        destination4("Multicast", "224.0.0.1"), destination4("Broadcast", "255.255.255.255"),
        destination4("NeighbourOfTheVip", "192.0.2.11"), destination6("ThisHost6", kLocal6),
        destination6("Loopback6", "::1"), destination6("Nobody6", "::"),
        destination6("AllNodes", "ff02::1"), destination6("NeighbourOfTheVip6", "2001:db8::11"),
        destination6("VipAsMappedIpv6", "::ffff:192.0.2.10"),
        destination6("VipAsCompatibleIpv6", "::192.0.2.10"),
        drop_row("NestedTunnel", twice(inner4()), SLUICE_AGENT_DROP_NOT_OUR_VIP),
        drop_row("NestedTunnel6", twice(inner6()), SLUICE_AGENT_DROP_NOT_OUR_VIP),
        drop_row("NestedThrice", in4(from(twice(inner4()), 14)), SLUICE_AGENT_DROP_NOT_OUR_VIP)),
    row_name);

}  // namespace
}  // namespace sluice::test
