// SPDX-License-Identifier: Apache-2.0
// Fragments: all of a datagram reach one backend, or none.
#include <linux/bpf.h>
#include <netinet/in.h>

#include <set>

#include "packet/fixture.h"

namespace sluice::test {
namespace {

Scenario ten_backends() {
  Scenario s = one_backend(false);
  s.config.pools["pool"].backends.clear();
  for (int i = 1; i <= 10; i++) add_backend(s, "203.0.113." + std::to_string(i), 100);
  return s;
}

constexpr uint16_t kMore = 0x2000;

Bytes fragment4(uint16_t id, uint16_t offset, bool more, const Bytes& payload,
                uint8_t protocol = IPPROTO_UDP) {
  return frame4({.source = kClient4,
                 .destination = kVip4,
                 .id = id,
                 .fragment = uint16_t((more ? kMore : 0) | offset / 8),
                 .protocol = protocol})
      .payload(payload)
      .build();
}

// The first `n` bytes of a UDP datagram from `sport`.
Bytes datagram(uint16_t sport, size_t n, uint16_t dport = 443) {
  Bytes b = {uint8_t(sport >> 8), uint8_t(sport), uint8_t(dport >> 8), uint8_t(dport), 0, 0, 0, 0};
  b.resize(n, 0x5a);
  return b;
}

Bytes fragment6(uint32_t id, uint16_t offset, bool more, const Bytes& payload) {
  Bytes head = {IPPROTO_UDP,          0,
                uint8_t(offset >> 8), uint8_t((offset & 0xf8) | (more ? 1 : 0)),
                uint8_t(id >> 24),    uint8_t(id >> 16),
                uint8_t(id >> 8),     uint8_t(id)};
  return frame6({.source = kClient6, .destination = kVip6, .next_header = IPPROTO_FRAGMENT})
      .payload(join(head, payload))
      .build();
}

uint64_t dropped(Loaded& loaded, sluice_drop_reason why) {
  return loaded.counters().drops[why];
}

TEST(Fragments, FollowTheirFirstOne) {
  Loaded loaded(ten_backends());
  ASSERT_TRUE(loaded.ok());
  std::set<std::string> backends;
  for (uint16_t id = 1; id <= 60; id++) {
    const Outcome first = loaded.run(fragment4(id, 0, true, datagram(id, 64)));
    ASSERT_EQ(first.action, XDP_TX);
    const std::string to = outer_destination4(first.packet);
    backends.insert(to);
    // Bytes that look like the ports of another flow must not be read as ports.
    const Outcome middle =
        loaded.run(fragment4(id, 64, true, datagram(uint16_t(id + 999), 64, 80)));
    const Outcome last = loaded.run(fragment4(id, 128, false, Bytes(7)));
    ASSERT_EQ(middle.action, XDP_TX);
    ASSERT_EQ(last.action, XDP_TX);
    EXPECT_EQ(outer_destination4(middle.packet), to);
    EXPECT_EQ(outer_destination4(last.packet), to);
    // A whole datagram of the same flow goes there, too.
    const Bytes whole = frame4({.source = kClient4, .destination = kVip4}).udp({id, 443}).build();
    EXPECT_EQ(outer_destination4(loaded.run(whole).packet), to);
  }
  EXPECT_GT(backends.size(), 5u);
}

TEST(Fragments, OfIpv6FollowTheirFirstOne) {
  Loaded loaded(ten_backends());
  ASSERT_TRUE(loaded.ok());
  for (uint16_t id = 1; id <= 30; id++) {
    const Outcome first = loaded.run(fragment6(id, 0, true, datagram(id, 64)));
    ASSERT_EQ(first.action, XDP_TX);
    const Outcome last = loaded.run(fragment6(id, 64, false, Bytes(5)));
    ASSERT_EQ(last.action, XDP_TX);
    EXPECT_EQ(outer_destination4(last.packet), outer_destination4(first.packet));
  }
}

TEST(Fragments, BeforeTheirFirstOneAreDropped) {
  Loaded loaded(ten_backends());
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.run(fragment4(7, 64, false, Bytes(8))).action, XDP_DROP);
  EXPECT_EQ(loaded.run(fragment6(7, 64, false, Bytes(8))).action, XDP_DROP);
  EXPECT_EQ(dropped(loaded, SLUICE_DROP_FRAGMENT), 2u);
  // Another datagram's first fragment does not help them.
  EXPECT_EQ(loaded.run(fragment4(8, 0, true, datagram(1, 64))).action, XDP_TX);
  EXPECT_EQ(loaded.run(fragment4(7, 64, false, Bytes(8))).action, XDP_DROP);
}

TEST(Fragments, ASecondFirstOneWithOtherPortsIsDropped) {
  Loaded loaded(ten_backends());
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.run(fragment4(7, 0, true, datagram(1, 64))).action, XDP_TX);
  EXPECT_EQ(loaded.run(fragment4(7, 0, true, datagram(2, 64))).action, XDP_DROP);
  EXPECT_EQ(dropped(loaded, SLUICE_DROP_FRAGMENT_CONFLICT), 1u);
  EXPECT_EQ(loaded.run(fragment4(7, 0, true, datagram(1, 64))).action, XDP_TX) << "a repetition";
}

TEST(Fragments, OfAnAtomicIpv6DatagramAreWholeDatagrams) {
  Loaded loaded(ten_backends());
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.run(fragment6(1, 0, false, datagram(9, 64))).action, XDP_TX);
  EXPECT_EQ(loaded.run(fragment6(1, 0, false, datagram(10, 64))).action, XDP_TX);
}

TEST(Fragments, OfUnservedPortsAreNotRemembered) {
  Loaded loaded(ten_backends());
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.run(fragment4(7, 0, true, datagram(1, 64, 99))).action, XDP_PASS);
  EXPECT_EQ(loaded.run(fragment4(7, 64, false, Bytes(8))).action, XDP_DROP);
}

struct Bad {
  const char* name;
  Bytes in;
  sluice_drop_reason why;
};

TEST(Fragments, ThatCannotBePartOfADatagramAreDropped) {
  const Bad bad[] = {
      {"no payload", fragment4(7, 64, false, {}), SLUICE_DROP_FRAGMENT_BOUNDS},
      {"an odd length with more to come", fragment4(7, 64, true, Bytes(63)),
       SLUICE_DROP_FRAGMENT_BOUNDS},
      {"ping of death", fragment4(7, 65528, false, Bytes(16)), SLUICE_DROP_FRAGMENT_BOUNDS},
      {"over the TCP header", fragment4(7, 8, false, Bytes(16), IPPROTO_TCP),
       SLUICE_DROP_FRAGMENT_BOUNDS},
      {"tiny first: half a UDP header is too little", fragment4(7, 0, true, {}),
       SLUICE_DROP_FRAGMENT_BOUNDS},
      {"tiny first TCP", fragment4(7, 0, true, Bytes(16), IPPROTO_TCP), SLUICE_DROP_L4_HEADER},
      {"IPv6, odd length with more to come", fragment6(7, 64, true, Bytes(9)),
       SLUICE_DROP_FRAGMENT_BOUNDS},
      {"IPv6, no payload", fragment6(7, 64, false, {}), SLUICE_DROP_FRAGMENT_BOUNDS},
      {"IPv6, beyond 64 KiB", fragment6(7, 65528, false, Bytes(8)), SLUICE_DROP_FRAGMENT_BOUNDS},
  };
  for (const Bad& b : bad) {
    Loaded loaded(ten_backends());
    ASSERT_TRUE(loaded.ok());
    EXPECT_EQ(loaded.run(b.in).action, XDP_DROP) << b.name;
    EXPECT_EQ(dropped(loaded, b.why), 1u) << b.name;
  }
}

}  // namespace
}  // namespace sluice::test
