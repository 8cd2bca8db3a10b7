// SPDX-License-Identifier: Apache-2.0
// The measured packets, against those of the test builder.
#include "program/packet.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <set>

#include "program/order.h"
#include "support/packet_builder.h"

namespace sluice::bench {
namespace {

using test::Bytes;
using test::PacketBuilder;

constexpr uint16_t kFirstPort = 0x8000;

Bytes zeros(size_t n) {
  return Bytes(n);
}

// The wrapper leaves the checksums of TCP and UDP at zero.
Bytes without(Bytes frame, size_t checksum_at) {
  frame[checksum_at] = frame[checksum_at + 1] = 0;
  return frame;
}

PacketBuilder ethernet() {
  return PacketBuilder().ethernet(kBalancerMac, kRouterMac);
}

test::Ipv4 ipv4() {
  return {.source = "198.18.0.0", .destination = "192.0.2.1", .id = 0, .fragment = 0x4000};
}

TEST(Packet, IsTcpOfAnEstablishedConnectionIn64Bytes) {
  Bytes expected = ethernet().ipv4(ipv4()).tcp({kFirstPort, 80}).payload(zeros(10)).build();
  expected = without(expected, 14 + 20 + 16);
  expected[14 + 20 + 11] = 1;  // it acknowledges something
  EXPECT_EQ(frame_of(headers_of({.destination = "192.0.2.1"}), 0), expected);
  EXPECT_EQ(expected.size(), 64u);
}

TEST(Packet, IsASyn) {
  const Bytes expected =
      ethernet().ipv4(ipv4()).tcp({kFirstPort, 80, 0x02}).payload(zeros(10)).build();
  EXPECT_EQ(frame_of(headers_of({.destination = "192.0.2.1", .tcp_flags = kTcpSyn}), 0),
            without(expected, 14 + 20 + 16));
}

TEST(Packet, IsUdp) {
  const Bytes expected = ethernet().ipv4(ipv4()).udp({kFirstPort, 443}).payload(zeros(22)).build();
  const Packet udp = {.destination = "192.0.2.1", .port = 443, .protocol = IPPROTO_UDP};
  EXPECT_EQ(frame_of(headers_of(udp), 0), without(expected, 14 + 20 + 6));
}

TEST(Packet, IsAsLongAsItsHeadersOverIpv6) {
  Bytes expected = ethernet()
                       .ipv6({.source = "2001:db8:c::", .destination = "2001:db8:a::1"})
                       .tcp({kFirstPort, 80})
                       .build();
  expected = without(expected, 14 + 40 + 16);
  expected[14 + 40 + 11] = 1;
  EXPECT_EQ(frame_of(headers_of({.destination = "2001:db8:a::1"}), 0), expected);
}

TEST(Packet, DiffersFromFlowToFlow) {
  const bench_headers headers = headers_of({.destination = "192.0.2.1"});
  std::set<Bytes> seen;
  constexpr uint32_t kFlows = 1 << 17;
  for (uint32_t flow = 0; flow < kFlows; flow++) {
    const Bytes frame = frame_of(headers, flow);
    ASSERT_EQ(frame[14 + 12], 198);
    ASSERT_EQ(frame[14 + 13] & 0xfe, 18);  // never beyond 198.18.0.0/15
    seen.insert(Bytes(frame.begin() + 14 + 12, frame.begin() + 14 + 22));
  }
  EXPECT_EQ(seen.size(), kFlows);
}

TEST(Packet, EveryFlowOfASetComesOnceAndInAnotherOrderWhenMeasured) {
  constexpr uint32_t kFlows = 1 << 10;
  std::set<uint32_t> seen;
  bool another_order = false;
  for (uint64_t i = 0; i < kFlows; i++) {
    const uint32_t flow = bench_flow_at(i, kMeasureMultiplier, k1kFlows.mask());
    another_order |= flow != bench_flow_at(i, kFillMultiplier, k1kFlows.mask());
    seen.insert(flow);
  }
  EXPECT_EQ(seen.size(), kFlows);
  EXPECT_TRUE(another_order);
}

}  // namespace
}  // namespace sluice::bench
