// SPDX-License-Identifier: Apache-2.0
#include "plan/member_head.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>

#include "plan/example.h"

namespace sluice::test {
namespace {

std::string hex(const sluice_member& m) {
  std::string out;
  const auto* bytes = reinterpret_cast<const uint8_t*>(m.head);
  for (int i = 0; i < m.head_len; i++) out += fmt::format("{:02x}", bytes[i]);
  return out;
}

sluice_member head_for(const std::string& backend, InnerFamily inner) {
  const Backend b = {.name = "b", .address = ip(backend), .forward = {}};
  const NextHop way = hop_for(b.address);
  return member_head(b, {.way = way}, inner);
}

TEST(MemberHead, Ipv4InIpv4) {
  const sluice_member m = head_for("203.0.113.11", InnerFamily::kV4);
  EXPECT_EQ(hex(m),
            "02000000000102000000000b0800"
            "4500000000004000"
            "40040000"
            "cb007102"
            "cb00710b");
  EXPECT_EQ(m.outer, 4);
  EXPECT_EQ(m.ifindex, 3u);
}

TEST(MemberHead, Ipv6InIpv4DiffersInTheProtocol) {
  EXPECT_EQ(hex(head_for("203.0.113.11", InnerFamily::kV6)).substr(46, 2), "29");
}

TEST(MemberHead, Ipv4InIpv6) {
  const sluice_member m = head_for("2001:db8:b::11", InnerFamily::kV4);
  EXPECT_EQ(hex(m),
            "02000000000102000000000b86dd"
            "6000000000000440"
            "20010db8000b00000000000000000002"
            "20010db8000b00000000000000000011");
  EXPECT_EQ(m.outer, 6);
}

// The program does not look again whether the outer length fits its 16 bits.
TEST(MemberHead, NoOuterPacketIsLongerThanAnIpPacketCanBe) {
  const Backend b = {.name = "b", .address = ip("203.0.113.11"), .forward = {}};
  const NextHop way = hop_for(b.address);
  EXPECT_EQ(member_head(b, {.way = way, .mtu = 1500}, InnerFamily::kV4).max_inner, 1480);
  EXPECT_EQ(member_head(b, {.way = way, .mtu = 65536}, InnerFamily::kV4).max_inner, 65515);
}

TEST(MemberHead, LastWordRepeatsTheEndOfTheHead) {
  for (const char* backend : {"203.0.113.11", "2001:db8:b::11"}) {
    const sluice_member m = head_for(backend, InnerFamily::kV4);
    EXPECT_EQ(m.last_at, m.head_len - 8);
    EXPECT_EQ(std::memcmp(&m.last_word, reinterpret_cast<const char*>(m.head) + m.last_at, 8), 0);
  }
}

TEST(MemberHead, AnotherNextHopMacIsTheOnlyDifferenceThatIsPatched) {
  const sluice_member a = head_for("203.0.113.11", InnerFamily::kV4);
  Backend b = {.name = "b", .address = ip("203.0.113.11"), .forward = {}};
  NextHop hop = hop_for(b.address);
  hop.destination = *MacAddress::parse("02:ff:ff:ff:ff:ff");
  EXPECT_TRUE(same_head_but_mac(a, member_head(b, {.way = hop}, InnerFamily::kV4)));
  hop.source = *MacAddress::parse("02:00:00:00:00:0c");
  EXPECT_FALSE(same_head_but_mac(a, member_head(b, {.way = hop}, InnerFamily::kV4)));
  hop = hop_for(b.address);
  hop.ifindex = 4;
  EXPECT_FALSE(same_head_but_mac(a, member_head(b, {.way = hop}, InnerFamily::kV4)));
  hop = hop_for(b.address);
  b.forward.source_v4 = IpPrefix::of(ip("203.0.113.99"));
  EXPECT_FALSE(same_head_but_mac(a, member_head(b, {.way = hop}, InnerFamily::kV4)));
}

}  // namespace
}  // namespace sluice::test
