// SPDX-License-Identifier: Apache-2.0
// What came back is read through every outer header, and not where that is wrong.
#include "loadgen/packet_view.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "support/packet_builder.h"

namespace sluice::loadgen {
namespace {

using test::Bytes;
using test::join;
using test::PacketBuilder;

constexpr char kTo[] = "02:00:00:00:00:02", kFrom[] = "02:00:00:00:00:01";
constexpr char kVip4[] = "192.0.2.10", kVip6[] = "2001:db8::10";
constexpr char kOuter4[] = "203.0.113.6", kOuter6[] = "2001:db8:e::2";

bool is_vip(const IpAddress& a) {
  return a == *IpAddress::parse(kVip4) || a == *IpAddress::parse(kVip6);
}

std::optional<PacketView> opened(const Bytes& frame) {
  return open_frame(frame, is_vip);
}

// A client's packet from its IP header on.
Bytes inner(bool v6) {
  PacketBuilder b;
  if (v6)
    b.ipv6({.source = "2001:db8:c::7", .destination = kVip6});
  else
    b.ipv4({.source = "198.51.100.7", .destination = kVip4});
  return b.udp({40'000, 443}).payload(20).build();
}

PacketBuilder outer(bool v6, uint8_t protocol) {
  PacketBuilder b;
  b.ethernet(kTo, kFrom);
  if (v6)
    return b.ipv6({.source = "2001:db8:b::2", .destination = kOuter6, .next_header = protocol});
  return b.ipv4({.source = "203.0.113.2", .destination = kOuter4, .protocol = protocol});
}

void expect_opened(const Bytes& frame, bool v6_outer, bool v6_inner, const char* what) {
  const std::optional<PacketView> view = opened(frame);
  ASSERT_TRUE(view) << what;
  EXPECT_EQ(view->backend.to_string(), v6_outer ? kOuter6 : kOuter4) << what;
  const Bytes packet(view->inner.packet.begin(), view->inner.packet.end());
  EXPECT_EQ(packet, inner(v6_inner)) << what;
  EXPECT_TRUE(is_intact(view->inner)) << what;
}

TEST(LoadView, ReadsEveryTunnel) {
  for (const bool over_v6 : {false, true})
    for (const bool v6 : {false, true}) {
      const Bytes packet = inner(v6);
      const uint8_t ip = v6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
      const Bytes ethertype = v6 ? Bytes{0x86, 0xdd} : Bytes{0x08, 0x00};
      expect_opened(outer(over_v6, ip).payload(packet).build(), over_v6, v6, "IP in IP");
      expect_opened(
          outer(over_v6, IPPROTO_GRE).payload(join(join({0, 0}, ethertype), packet)).build(),
          over_v6, v6, "GRE");
      const auto udp = [&](const Bytes& payload) {
        return outer(over_v6, IPPROTO_UDP).udp({50'000, 6080}).payload(payload).build();
      };
      expect_opened(udp(packet), over_v6, v6, "FOU, GUE variant 1");
      expect_opened(udp(join({0, ip, 0, 0}, packet)), over_v6, v6, "GUE variant 0");
      expect_opened(udp(join(join(join({0, 0}, ethertype), {0, 0, 7, 0}), packet)), over_v6, v6,
                    "Geneve");
    }
}

TEST(LoadView, WithoutATunnelTheMacTellsTheBackend) {
  for (const bool v6 : {false, true}) {
    PacketBuilder b;
    b.ethernet(kTo, kFrom, v6 ? 0x86dd : 0x0800);
    const std::optional<PacketView> view = opened(b.payload(inner(v6)).build());
    ASSERT_TRUE(view);
    EXPECT_TRUE(view->backend.is_mac);
    EXPECT_EQ(view->backend.to_string(), kTo);
  }
}

TEST(LoadView, TagsAreNotInTheWay) {
  PacketBuilder b;
  b.ethernet(kTo, kFrom, 0x8100);
  EXPECT_TRUE(opened(b.payload(join({0, 5, 0x08, 0x00}, inner(false))).build()));
}

// What Ethernet adds to short frames is no part of the packet.
TEST(LoadView, PaddingIsLeftOut) {
  const Bytes frame = outer(false, IPPROTO_IPIP).payload(inner(false)).build();
  expect_opened(join(frame, Bytes(10)), false, false, "padded");
}

TEST(LoadView, AnOuterHeaderThatIsWrongOpensNothing) {
  const Bytes good = outer(false, IPPROTO_IPIP).payload(inner(false)).build();
  ASSERT_TRUE(opened(good));
  Bytes bad = good;
  bad[14 + 8]--;  // TTL, and not the checksum
  EXPECT_FALSE(opened(bad));
  for (size_t size = 0; size < good.size(); size++)
    EXPECT_FALSE(opened(test::first(good, size))) << size;
  EXPECT_FALSE(opened(outer(false, IPPROTO_IPV6).payload(inner(false)).build()));
  EXPECT_FALSE(opened(outer(false, IPPROTO_TCP).payload(inner(false)).build()));
  EXPECT_FALSE(
      opened(outer(false, IPPROTO_GRE).payload(join({0x80, 0, 8, 0}, inner(false))).build()));
  Bytes udp = outer(true, IPPROTO_UDP).udp({50'000, 6080}).payload(inner(false)).build();
  ASSERT_TRUE(opened(udp));
  udp.back() ^= 1;
  EXPECT_FALSE(opened(udp));
}

TEST(LoadView, SomebodyElsesPacketIsNone) {
  const Bytes other =
      PacketBuilder().ipv4({"198.51.100.7", "192.0.2.99"}).udp({1, 2}).payload(20).build();
  EXPECT_FALSE(opened(outer(false, IPPROTO_IPIP).payload(other).build()));
}

TEST(LoadView, OneBitThatIsWrongIsNoticed) {
  for (const bool v6 : {false, true}) {
    const Bytes good = inner(v6);
    const uint16_t type = v6 ? 0x86dd : 0x0800;
    for (size_t at = v6 ? 40 : 20; at < good.size(); at++) {
      Bytes bad = good;
      bad[at] ^= 0x10;
      const std::optional<IpView> ip = read_ip(bad, type);
      ASSERT_TRUE(ip);
      EXPECT_FALSE(is_intact(*ip)) << at;
    }
  }
}

}  // namespace
}  // namespace sluice::loadgen
