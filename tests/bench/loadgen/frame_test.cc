// SPDX-License-Identifier: Apache-2.0
// What is sent, against the test builder's packets.
#include "loadgen/frame.h"

#include <gtest/gtest.h>

#include <cstring>

#include "loadgen/generator.h"
#include "support/datagram.h"
#include "support/packet_builder.h"

namespace sluice::loadgen {
namespace {

using test::Bytes;
using test::join;
using test::PacketBuilder;

constexpr char kTo[] = "02:00:00:00:00:02", kFrom[] = "02:00:00:00:00:01";
constexpr char kVip4[] = "192.0.2.10", kVip6[] = "2001:db8::10";
constexpr char kClient4[] = "198.51.100.7", kClient6[] = "2001:db8:c::7";
constexpr Stamp kStamp = {.magic = 0x51ce1234, .flow = 9, .sequence = 77, .time = 0xdeadbeef};
constexpr uint16_t kPort = 40'000;

Bytes stamp_bytes() {
  Bytes b(sizeof(kStamp));
  std::memcpy(b.data(), &kStamp, sizeof(kStamp));
  return b;
}

// `n` zeros and the stamp.
Bytes filled(size_t n, Bytes front = {}) {
  front.resize(n);
  return join(front, stamp_bytes());
}

Bytes made(Shape shape, bool v6, uint32_t size = 64, uint32_t id = 0x12345) {
  const Frame frame({.shape = shape,
                     .from = *MacAddress::parse(kFrom),
                     .to = *MacAddress::parse(kTo),
                     .clients = *IpAddress::parse(v6 ? "2001:db8:c::" : "198.51.100.0"),
                     .vip = {*IpAddress::parse(v6 ? kVip6 : kVip4), 443},
                     .size = size});
  Bytes bytes(frame.size());
  frame.write({.client = 7, .port = kPort, .id = id, .stamp = kStamp}, bytes.data());
  return bytes;
}

PacketBuilder client(bool v6) {
  PacketBuilder b;
  b.ethernet(kTo, kFrom);
  if (v6) return b.ipv6({.source = kClient6, .destination = kVip6});
  return b.ipv4({.source = kClient4, .destination = kVip4, .id = 0, .fragment = 0x4000});
}

TEST(LoadFrame, IsATcpSegment) {
  for (const auto& [shape, flags, acknowledged] :
       {std::tuple(Shape::kSyn, 0x02, 0), std::tuple(Shape::kEstablished, 0x18, 1),
        std::tuple(Shape::kFin, 0x11, 1)})
    for (const bool v6 : {false, true}) {
      test::Tcp tcp = {kPort, 443, uint8_t(flags)};
      tcp.acknowledgement = uint32_t(acknowledged);
      EXPECT_EQ(made(shape, v6), client(v6).tcp(tcp).payload(filled(0)).build());
      EXPECT_EQ(made(shape, v6, 200),
                client(v6).tcp(tcp).payload(filled(200 - 16 - (v6 ? 74 : 54))).build());
    }
}

TEST(LoadFrame, IsAUdpDatagram) {
  EXPECT_EQ(made(Shape::kUdp, false), client(false).udp({kPort, 443}).payload(filled(6)).build());
  EXPECT_EQ(made(Shape::kUdp, true), client(true).udp({kPort, 443}).payload(filled(0)).build());
  EXPECT_EQ(made(Shape::kUdp, false, kMostSize).size(), kMostSize);
}

TEST(LoadFrame, LooksLikeQuic) {
  const Bytes initial = {0xc0, 0, 0, 0, 1, 8, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0};
  const Bytes later = {0x40, 0, 9, 0, 0, 0, 0, 0, 0, 0};
  for (const bool v6 : {false, true}) {
    EXPECT_EQ(made(Shape::kQuicInitial, v6),
              client(v6).udp({kPort, 443}).payload(filled(18, initial)).build());
    EXPECT_EQ(made(Shape::kQuic, v6),
              client(v6).udp({kPort, 443}).payload(filled(10, later)).build());
  }
}

// The two halves, put together, are one datagram whose checksum is right.
TEST(LoadFrame, FragmentsAreOneDatagram) {
  for (const bool v6 : {false, true})
    for (const uint32_t size : {64u, 100u, 1000u, kMostSize}) {
      const Bytes first = made(Shape::kFirstFragment, v6, size),
                  later = made(Shape::kLaterFragment, v6, size);
      EXPECT_LE(first.size(), std::max(size, 94u));
      const uint16_t type = v6 ? 0x86dd : 0x0800;
      const auto one = test::read_datagram(type, test::from(first, 14)),
                 two = test::read_datagram(type, test::from(later, 14));
      ASSERT_TRUE(one && two);
      EXPECT_TRUE(one->faults.empty());
      EXPECT_TRUE(two->faults.empty());
      EXPECT_EQ(one->part, test::Part::kFirst);
      EXPECT_EQ(two->part, test::Part::kLater);
      EXPECT_EQ(one->id, two->id);
      EXPECT_EQ(one->id, v6 ? 0x12345u : 0x2345u);
      EXPECT_TRUE(one->checksum_is_right);
      EXPECT_TRUE(two->checksum_is_right);
      const Bytes message =
          join(test::from(first, 14 + one->headers), test::from(later, 14 + two->headers));
      EXPECT_EQ(test::get16(message, 4), message.size());
      EXPECT_EQ(test::message_sum(*one, message), 0);
      EXPECT_EQ(test::from(first, first.size() - 16), stamp_bytes());
      EXPECT_EQ(test::from(later, later.size() - 16), stamp_bytes());
    }
}

TEST(LoadFrame, AnErrorIsAboutWhatTheVipSent) {
  for (const bool v6 : {false, true}) {
    const Bytes frame = made(Shape::kIcmp, v6);
    const auto d = test::read_datagram(v6 ? 0x86dd : 0x0800, test::from(frame, 14));
    ASSERT_TRUE(d);
    EXPECT_TRUE(d->faults.empty());
    EXPECT_TRUE(d->checksum_is_right);
    const Bytes message = test::from(frame, 14 + d->headers);
    EXPECT_EQ(test::message_sum(*d, message), 0);
    EXPECT_EQ(message[0], v6 ? 2 : 3);
    EXPECT_EQ(message[1], v6 ? 0 : 4);
    const Bytes quote = test::from(message, 8);
    const size_t header = v6 ? 40 : 20;
    if (!v6) {
      EXPECT_EQ(test::internet_checksum(test::first(quote, header)), 0);
    }
    const auto address = [&](size_t at) {
      return v6 ? IpAddress::from_v6(&quote[at]) : IpAddress::from_v4(&quote[at]);
    };
    EXPECT_EQ(address(v6 ? 8 : 12).to_string(), v6 ? kVip6 : kVip4);
    EXPECT_EQ(address(v6 ? 24 : 16).to_string(), v6 ? kClient6 : kClient4);
    EXPECT_EQ(test::get16(quote, header), 443);
    EXPECT_EQ(test::get16(quote, header + 2), kPort);
  }
}

TEST(LoadFrame, IsAnEchoRequest) {
  for (const bool v6 : {false, true}) {
    const Bytes frame = made(Shape::kEcho, v6);
    const auto d = test::read_datagram(v6 ? 0x86dd : 0x0800, test::from(frame, 14));
    ASSERT_TRUE(d);
    const Bytes message = test::from(frame, 14 + d->headers);
    EXPECT_EQ(test::message_sum(*d, message), 0);
    EXPECT_EQ(message[0], v6 ? 128 : 8);
    EXPECT_EQ(test::get16(message, 4), kPort);
  }
}

// All a checksum may come to: of UDP never zero, which would say that there is none.
TEST(LoadFrame, ChecksumsAreRightWhateverVaries) {
  const Frame frame({.shape = Shape::kUdp,
                     .from = {},
                     .to = {},
                     .clients = *IpAddress::parse("198.51.100.0"),
                     .vip = {*IpAddress::parse(kVip4), 443},
                     .size = 64});
  Bytes bytes(frame.size());
  for (uint32_t n = 0; n < 0x20000; n++) {
    Stamp stamp = kStamp;
    stamp.sequence = n;
    frame.write({.client = n & 0xff, .port = uint16_t(n), .stamp = stamp}, bytes.data());
    const auto d = test::read_datagram(0x0800, test::from(bytes, 14));
    ASSERT_TRUE(d && d->checksum_is_right);
    ASSERT_EQ(test::message_sum(*d, test::from(bytes, 34)), 0);
    ASSERT_NE(test::get16(bytes, 34 + 6), 0);
  }
}

class LoadGenerator : public testing::Test {
 protected:
  Traffic traffic_ = {.vips = {{*IpAddress::parse(kVip4), 443}},
                      .sources_v4 = *IpPrefix::parse("198.51.100.0/24"),
                      .flows = 10};
  std::vector<Bytes> frames(int n) {
    Generator g(traffic_, {}, {}, kStamp.magic, 100);
    std::vector<Bytes> all;
    for (int i = 0; i < n; i++) {
      Bytes b(kMostSize);
      b.resize(g.next(b.data(), 0, 0).size);
      all.push_back(b);
    }
    sent_ = g.sent();
    flood_ = g.flood_sent();
    return all;
  }
  static Stamp stamp_of(const Bytes& b) {
    Stamp s;
    std::memcpy(&s, &b[b.size() - sizeof(s)], sizeof(s));
    return s;
  }
  void mix(Kind kind, uint32_t weight) { traffic_.mix[size_t(kind)] = weight; }

  std::vector<uint32_t> sent_;
  uint64_t flood_ = 0;
};

TEST_F(LoadGenerator, AConnectionBeginsWithASyn) {
  mix(Kind::kEstablished, 1);
  mix(Kind::kSyn, 1);
  int syns = 0;
  for (const Bytes& b : frames(1000)) {
    const bool syn = b[14 + 20 + 13] == 0x02;
    syns += syn;
    if (stamp_of(b).sequence == 0) {
      EXPECT_TRUE(syn);
    }
  }
  EXPECT_NEAR(syns, 505, 80);
}

TEST_F(LoadGenerator, NumbersEveryFlowsPacketsFromZero) {
  mix(Kind::kUdp, 1);
  mix(Kind::kFragments, 1);
  traffic_.flood = 0.1;
  std::vector<uint32_t> next(10);
  uint32_t flood = 0;
  for (const Bytes& b : frames(1000)) {
    const Stamp s = stamp_of(b);
    EXPECT_EQ(s.sequence, s.flow == kFlood ? flood++ : next.at(s.flow)++);
  }
  EXPECT_EQ(flood, flood_);
  EXPECT_TRUE(std::equal(next.begin(), next.end(), sent_.begin()));
}

TEST_F(LoadGenerator, ALaterFragmentFollowsTheFirst) {
  mix(Kind::kFragments, 1);
  const std::vector<Bytes> all = frames(100);
  for (size_t i = 0; i < all.size(); i += 2) {
    EXPECT_EQ(test::get16(all[i], 14 + 4), test::get16(all[i + 1], 14 + 4));
    EXPECT_EQ(test::get16(all[i], 14 + 6), 0x2000);
    EXPECT_EQ(stamp_of(all[i]).flow, stamp_of(all[i + 1]).flow);
  }
}

}  // namespace
}  // namespace sluice::loadgen
