// SPDX-License-Identifier: Apache-2.0
// Packets far larger than 1500 bytes, as far as the way to the program takes them.
#include <linux/bpf.h>
#include <netinet/in.h>

#include "packet/carrier.h"
#include "packet/fixture.h"

namespace sluice::test {
namespace {

constexpr size_t kOverhead = 14 + 20 + 8;  // Ethernet, IPv4, UDP

Bytes udp_of(size_t frame) {
  return frame4({.source = kClient4, .destination = kVip4})
      .udp({5353, 443})
      .payload(frame - kOverhead)
      .build();
}

// Over a link with the given MTU.
Scenario with_mtu(uint32_t mtu) {
  Scenario s = one_backend(false);
  for (auto& [backend, hop] : s.next_hops) hop.mtu = mtu;
  return s;
}

// The outer header has to fit the carrier's own links, too.
TEST(Jumbo, PacketsThatFitGoOutWhole) {
  Loaded loaded(with_mtu(9216));
  ASSERT_TRUE(loaded.ok());
  for (size_t size : {1514u, 3000u, 9014u}) {
    if (size + 20 > carrier().longest()) continue;
    const Bytes in = udp_of(size);
    const Outcome run = loaded.run(in);
    EXPECT_EQ(run.action, XDP_TX) << size;
    EXPECT_EQ(from(run.packet, 14 + 20), from(in, 14)) << size;
    EXPECT_EQ(internet_checksum(first(from(run.packet, 14), 20)), 0);
  }
}

TEST(Jumbo, PacketsThatDoNotFitAreToldTheRoom) {
  Loaded loaded(with_mtu(1500));
  ASSERT_TRUE(loaded.ok());
  for (size_t size : {1514u, 3000u, 9014u}) {
    if (size > carrier().longest()) continue;
    const Outcome run = loaded.run(udp_of(size));
    ASSERT_EQ(run.action, XDP_TX) << size;
    ASSERT_EQ(run.packet.size(), 14u + 20 + 8 + 512) << size;
    EXPECT_EQ(run.packet[34], 3) << "unreachable";
    EXPECT_EQ(run.packet[35], 4) << "fragmentation needed";
    EXPECT_EQ(run.packet[40] << 8 | run.packet[41], 1500 - 20);
    EXPECT_EQ(internet_checksum(from(run.packet, 34)), 0);
    EXPECT_EQ(from(run.packet, 14 + 20 + 8), first(from(udp_of(size), 14), 512));
  }
}

}  // namespace
}  // namespace sluice::test
