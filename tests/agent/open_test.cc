// SPDX-License-Identifier: Apache-2.0
// What comes out of its tunnel, and how: bit for bit.
#include "agent/fixture.h"

namespace sluice::test {
namespace {

class Open : public AgentPacket {};

TEST_P(Open, ComesOutBitForBit) {
  check_row(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Families, Open,
                         testing::Values(open_row("V4InV4", in4(inner4()), inner4()),
                                         open_row("V6InV4", in4(inner6()), inner6()),
                                         open_row("V4InV6", in6(inner4()), inner4()),
                                         open_row("V6InV6", in6(inner6()), inner6())),
                         row_name);

Ipv4 outer4_with_options(size_t bytes) {
  return {.source = kBalancer4, .destination = kLocal4, .options = Bytes(bytes, 1)};
}

INSTANTIATE_TEST_SUITE_P(
    Outer, Open,
    testing::Values(
        open_row("Options4Bytes", in4(inner4(), outer4_with_options(4)), inner4()),
        open_row("Options20Bytes", in4(inner6(), outer4_with_options(20)), inner6()),
        open_row("Options40Bytes", in4(inner4(), outer4_with_options(40)), inner4()),
        open_row("Options40BytesV6", in4(inner6(), outer4_with_options(40)), inner6()),
        open_row("DontFragment",
                 in4(inner4(), {.source = kBalancer4, .destination = kLocal4, .fragment = 0x4000}),
                 inner4()),
        open_row("Ttl1", in4(inner4(), {.source = kBalancer4, .destination = kLocal4, .ttl = 1}),
                 inner4()),
        open_row("DscpStaysOutside",
                 in4(inner4(), {.source = kBalancer4, .destination = kLocal4, .tos = 0xb8}),
                 inner4()),
        open_row("FlowLabel",
                 in6(inner6(), {.source = kBalancer6,
                                .destination = kLocal6,
                                .traffic_class = 0xb8,
                                .flow_label = 0xfffff}),
                 inner6()),
        open_row("FromAnAllowedNetworkLow",
                 in4(inner4(), {.source = "203.0.113.128", .destination = kLocal4}), inner4()),
        open_row("FromAnAllowedNetworkHigh",
                 in4(inner4(), {.source = "203.0.113.255", .destination = kLocal4}), inner4()),
        open_row("FromAnAllowedNetwork6",
                 in6(inner6(), {.source = "2001:db8:b:ffff::1", .destination = kLocal6}),
                 inner6())),
    row_name);

// What Ethernet adds to short frames is no part of either packet; it stays behind the inner one.
INSTANTIATE_TEST_SUITE_P(
    BehindTheOuterPacket, Open,
    testing::Values(
        open_row("Padding4", join(in4(inner4()), Bytes(6, 0)), inner4(), Bytes(6, 0)),
        open_row("Padding6", join(in6(inner4()), Bytes(6, 0xee)), inner4(), Bytes(6, 0xee)),
        open_row("MuchPadding", join(in4(inner6()), Bytes(300, 0x45)), inner6(), Bytes(300, 0x45)),
        // Carried, but beyond the inner packet's own length.
        open_row("TrailerInsideTheTunnel", in4(join(inner4(), Bytes(9, 7))), inner4(),
                 Bytes(9, 7))),
    row_name);

Bytes inner4_payload(Ipv4 ip, size_t length) {
  return PacketBuilder().ipv4(std::move(ip)).payload(length).build();
}

Row same4(std::string name, Ipv4 ip, size_t payload = 30) {
  if (ip.source.empty()) ip.source = kClient4;
  ip.destination = kVip4;
  const Bytes inner = inner4_payload(std::move(ip), payload);
  return open_row(std::move(name), in4(inner), inner);
}

Row same6(std::string name, Ipv6 ip, size_t payload = 30) {
  if (ip.source.empty()) ip.source = kClient6;
  ip.destination = kVip6;
  const Bytes inner = PacketBuilder().ipv6(std::move(ip)).payload(payload).build();
  return open_row(std::move(name), in6(inner), inner);
}

Bytes with_wrong_checksum(Bytes inner) {
  inner[10] ^= 0x5a;
  return inner;
}

Bytes tunnel_to_vip() {
  return PacketBuilder()
      .ipv4({.source = kClient4, .destination = kVip4})
      .ipv4({.source = "10.0.0.1", .destination = "10.0.0.2"})
      .udp({1, 2})
      .payload(4)
      .build();
}

INSTANTIATE_TEST_SUITE_P(
    Inner, Open,
    testing::Values(same4("Ttl1", {.ttl = 1}), same6("HopLimit1", {.hop_limit = 1}),
                    same4("NoPayload", {}, 0), same6("NoPayload6", {}, 0), same4("OneByte", {}, 1),
                    same4("Large", {}, 1400), same6("Large6", {}, 1400),
                    same4("Options", {.options = Bytes(40, 1)}),
                    same4("FirstFragment", {.fragment = 0x2000}),
                    same4("LaterFragment", {.fragment = 0x00b9}), same4("Tcp", {.protocol = 6}),
                    same4("Icmp", {.protocol = 1}), same4("AnyProtocol", {.protocol = 255}),
                    same6("Icmp6", {.next_header = 58}), same6("HopByHop", {.next_header = 0}),
                    same6("Fragment6", {.next_header = 44}),
                    same4("SourceJustOutsideTheMartians", {.source = "1.0.0.0"}),
                    same4("SourceBelowLoopback", {.source = "126.255.255.255"}),
                    same4("SourceAboveLoopback", {.source = "128.0.0.0"}),
                    same4("SourceBelowMulticast", {.source = "223.255.255.255"}),
                    same6("SourceBehindLoopback", {.source = "::2"}),
                    same6("SourceBelowMulticast6", {.source = "feff:ffff::1"}),
                    same6("SourceNearlyMapped", {.source = "::fffe:198.51.100.7"}),
                    open_row("WrongChecksumIsTheKernelsToJudge", in4(with_wrong_checksum(inner4())),
                             with_wrong_checksum(inner4())),
                    open_row("TunnelThatIsForTheVip", in4(tunnel_to_vip()), tunnel_to_vip())),
    row_name);

}  // namespace
}  // namespace sluice::test
