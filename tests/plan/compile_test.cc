// SPDX-License-Identifier: Apache-2.0
// Config x next hops -> Image.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "plan/example.h"

namespace sluice::test {
namespace {

TEST(Compile, OrderInTheFileMeansNothing) {
  Example a, b;
  a.add("203.0.113.13", 7);
  b.add("203.0.113.13", 7);
  std::reverse(b.config.pools["web"].backends.begin(), b.config.pools["web"].backends.end());
  std::reverse(b.config.services[0].ports.begin(), b.config.services[0].ports.end());
  const Image x = a.image(), y = b.image();
  ASSERT_EQ(x.services.size(), 1u);
  EXPECT_EQ(*x.services[0].tcp.ring, *y.services[0].tcp.ring);
  EXPECT_EQ(x.services[0].frontends, y.services[0].frontends);
}

TEST(Compile, ABackendWithoutANextHopGetsNoSlots) {
  Example e;
  e.hops.erase(ip("203.0.113.12"));
  const Image image = e.image();
  ASSERT_EQ(image.services[0].members.size(), 1u);
  EXPECT_EQ(image.services[0].members[0].address, ip("203.0.113.11"));
  const Ring& ring = *image.services[0].tcp.ring;
  EXPECT_EQ(std::set<uint32_t>(ring.begin(), ring.end()), (std::set<uint32_t>{0}));
}

TEST(Compile, AServiceWithoutBackendsHasNoRing) {
  Example e;
  e.hops.clear();
  EXPECT_EQ(e.image().services[0].tcp.ring, nullptr);
}

TEST(Compile, ServicesOfOnePoolShareTheRing) {
  Example e;
  e.config.services.push_back(Example::service("second", {"192.0.2.11"}, {80}));
  const Image image = e.image();
  EXPECT_EQ(image.services[0].tcp.ring, image.services[1].tcp.ring);
}

TEST(Compile, OneMemberPerServiceBackendAndFamilyThatHasAVip) {
  Example e;
  e.config.services.push_back(Example::service("v4only", {"192.0.2.11"}, {80}));
  EXPECT_EQ(e.image().members.size(), 2u * 2 + 2);
}

// Flows of UDP were in the ring of any protocol: those of a backend that is leaving stay.
TEST(Compile, APortOfUdpGoesOnFromTheRingOfAnyProtocol) {
  Example e;
  e.config.drain = std::chrono::seconds(60);
  e.config.services[0].ports = {PortRange::any(0)};
  e.config.services[0].hash = HashFields::kSource;
  RingCache rings;
  const Time start(std::chrono::hours(1));
  Image image = compile(desire(e.config, e.hops), rings, {}, start);
  EXPECT_EQ(image.services[0].udp.ring, nullptr) << "nobody would ask for it";
  e.remove("203.0.113.11");
  e.add("203.0.113.13");
  image = compile(desire(e.config, e.hops), rings, image, start + std::chrono::seconds(1));
  const Slots any = image.services[0].tcp;
  ASSERT_GT(count_states(any).window, 0u);
  e.config.services[0].ports.push_back(PortRange::one(443, IPPROTO_UDP));
  image = compile(desire(e.config, e.hops), rings, image, start + std::chrono::seconds(2));
  ASSERT_NE(image.services[0].udp.ring, nullptr);
  EXPECT_EQ(*image.services[0].udp.ring, *any.ring);
  EXPECT_EQ(image.services[0].udp.ends, any.ends);
}

TEST(RingCache, ComputesAnUnchangedRingOnce) {
  Example e;
  RingCache rings;
  const Image first = compile(desire(e.config, e.hops), rings);
  const Image second = compile(desire(e.config, e.hops), rings);
  EXPECT_EQ(first.services[0].tcp.ring, second.services[0].tcp.ring);
  e.add("203.0.113.13");
  const Image third = compile(desire(e.config, e.hops), rings);
  EXPECT_NE(first.services[0].tcp.ring, third.services[0].tcp.ring);
}

}  // namespace
}  // namespace sluice::test
