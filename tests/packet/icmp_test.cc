// SPDX-License-Identifier: Apache-2.0
// ICMP to a VIP: errors go where the quoted flow went, echo requests are answered, and what is too
// large for the way to a backend is told so.
#include <linux/bpf.h>
#include <netinet/in.h>

#include "packet/fixture.h"

namespace sluice::test {
namespace {

const std::string kRouter4 = "198.51.100.254", kRouter6 = "2001:db8:c::fe";

Scenario ten_backends() {
  Scenario s = one_backend(false);
  s.config.pools["pool"].backends.clear();
  for (int i = 1; i <= 10; i++) add_backend(s, "203.0.113." + std::to_string(i), 100);
  return s;
}

// The IP packet a backend sent to the client, from the VIP: its first `n` bytes behind the header.
Bytes quote4(uint16_t client_port, size_t n, const std::string& source = kVip4) {
  const Bytes reply = PacketBuilder()
                          .ipv4({.source = source, .destination = kClient4, .ttl = 3})
                          .tcp({80, client_port})
                          .payload(600)
                          .build();
  return first(reply, 20 + n);
}
Bytes quote6(uint16_t client_port, size_t n, const std::string& source = kVip6) {
  const Bytes reply = PacketBuilder()
                          .ipv6({.source = source, .destination = kClient6, .hop_limit = 3})
                          .tcp({80, client_port})
                          .payload(600)
                          .build();
  return first(reply, 40 + n);
}

Bytes error4(uint8_t type, uint8_t code, const Bytes& quote) {
  Bytes message = join({type, code, 0, 0, 0, 0, 5, 0xdc}, quote);
  const uint16_t sum = internet_checksum(message);
  message[2] = uint8_t(sum >> 8);
  message[3] = uint8_t(sum);
  return frame4({.source = kRouter4, .destination = kVip4, .protocol = IPPROTO_ICMP})
      .payload(message)
      .build();
}
Bytes error6(uint8_t type, const Bytes& quote) {
  return frame6({.source = kRouter6, .destination = kVip6, .next_header = IPPROTO_ICMPV6})
      .payload(join({type, 0, 0x12, 0x34, 0, 0, 5, 0xdc}, quote))
      .build();
}

TEST(IcmpError, ReachesTheBackendThatOwnsTheQuotedFlow) {
  Loaded loaded(ten_backends());
  ASSERT_TRUE(loaded.ok());
  for (uint16_t port = 1000; port < 1060; port++) {
    const Bytes flow4 = frame4({.source = kClient4, .destination = kVip4}).tcp({port, 80}).build();
    const std::string owner4 = outer_destination4(loaded.run(flow4).packet);
    for (uint8_t type : {3, 11, 12}) {
      const Outcome run = loaded.run(error4(type, 4, quote4(port, 8)));  // RFC 792's minimum
      ASSERT_EQ(run.action, XDP_TX);
      EXPECT_EQ(outer_destination4(run.packet), owner4);
      EXPECT_EQ(from(run.packet, 34), from(error4(type, 4, quote4(port, 8)), 14));
    }
    const Bytes flow6 = frame6({.source = kClient6, .destination = kVip6}).tcp({port, 80}).build();
    const std::string owner6 = outer_destination4(loaded.run(flow6).packet);
    for (uint8_t type : {1, 2, 3, 4}) {
      const Outcome run = loaded.run(error6(type, quote6(port, 8)));
      ASSERT_EQ(run.action, XDP_TX);
      EXPECT_EQ(outer_destination4(run.packet), owner6);
    }
  }
}

TEST(IcmpError, WithALongQuoteIsTheSame) {
  Loaded loaded(ten_backends());
  ASSERT_TRUE(loaded.ok());
  const Outcome brief = loaded.run(error4(3, 4, quote4(1234, 8)));
  const Outcome full = loaded.run(error4(3, 4, quote4(1234, 500)));
  EXPECT_EQ(outer_destination4(brief.packet), outer_destination4(full.packet));
}

TEST(IcmpError, ThatQuotesNoPacketOfTheVipIsDropped) {
  const Bytes bad[] = {
      error4(3, 4, quote4(1, 7)),                // RFC 792 wants 8 bytes
      error4(3, 4, {}),                          //
      error4(3, 4, quote4(1, 8, "192.0.2.77")),  // another source
      error4(3, 4, first(quote6(1, 8), 48)),     // another family
      error6(2, quote6(1, 7)),                   //
      error6(2, quote6(1, 8, "2001:db8::77")),   //
      error6(2, quote4(1, 8)),                   //
  };
  for (const Bytes& in : bad) {
    Loaded loaded(ten_backends());
    ASSERT_TRUE(loaded.ok());
    EXPECT_EQ(loaded.run(in).action, XDP_DROP) << scapy(in);
    EXPECT_EQ(loaded.counters().drops[SLUICE_DROP_ICMP_QUOTE], 1u) << scapy(in);
  }
}

TEST(IcmpError, ThatQuotesALaterFragmentIsDropped) {
  Bytes quote = quote4(1, 8);
  quote[7] = 9;  // an offset
  Loaded loaded(ten_backends());
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.run(error4(3, 4, quote)).action, XDP_DROP);
}

TEST(IcmpError, AtEveryLengthNeverGoesWrong) {
  Loaded loaded(ten_backends());
  ASSERT_TRUE(loaded.ok());
  const Bytes whole = error4(3, 4, quote4(1, 8));
  for (size_t n = 14; n < whole.size(); n++)
    EXPECT_NE(loaded.run(first(whole, n)).action, XDP_TX) << n;
  EXPECT_EQ(loaded.run(whole).action, XDP_TX);
}

Bytes echo4(uint16_t checksum_seed, Ipv4 ip = {.source = kClient4, .destination = kVip4}) {
  ip.protocol = IPPROTO_ICMP;
  Bytes m = {8, 0, 0, 0, uint8_t(checksum_seed >> 8), uint8_t(checksum_seed), 0, 1, 'h', 'i'};
  const uint16_t sum = internet_checksum(m);
  m[2] = uint8_t(sum >> 8);
  m[3] = uint8_t(sum);
  return frame4(ip).payload(m).build();
}

Row echo_row() {
  const Bytes in = echo4(7);
  Bytes message = from(in, 34);
  message[0] = message[2] = message[3] = 0;
  const uint16_t sum = internet_checksum(message);
  message[2] = uint8_t(sum >> 8);
  message[3] = uint8_t(sum);
  const Bytes out = PacketBuilder()
                        .ethernet(kRouterMac, kOurMac)
                        .ipv4({.source = kVip4, .destination = kClient4, .protocol = IPPROTO_ICMP})
                        .payload(message)
                        .build();
  return {
      "Echo", one_backend(false), in, {.action = XDP_TX, .reply = SLUICE_REPLY_ECHO, .out = out}};
}

TEST(Echo, IsAnsweredFromTheVip) {
  check_row(echo_row());
}

// Peers fold the carry wrongly for a handful of the 65,536 checksums.
TEST(Echo, ChecksumIsRightForEveryRequest) {
  Scenario s = one_backend(false);
  Loaded loaded(s, {.replies_per_second = 1000000000});
  ASSERT_TRUE(loaded.ok());
  for (uint32_t seed = 0; seed < 65536; seed += seed < 64 || seed > 65472 ? 1 : 37) {
    const Outcome run = loaded.run(echo4(uint16_t(seed)));
    ASSERT_EQ(run.action, XDP_TX) << seed;
    EXPECT_EQ(internet_checksum(from(run.packet, 34)), 0) << seed;
  }
}

TEST(Echo, OfIpv6IsAnsweredFromTheVip) {
  Loaded loaded(one_backend(false));
  ASSERT_TRUE(loaded.ok());
  Bytes in = frame6({.source = kClient6, .destination = kVip6, .next_header = IPPROTO_ICMPV6})
                 .payload({128, 0, 0x11, 0x22, 0, 1, 0, 2, 'h', 'i'})
                 .build();
  const Outcome run = loaded.run(in);
  ASSERT_EQ(run.action, XDP_TX);
  const Bytes out =
      PacketBuilder()
          .ethernet(kRouterMac, kOurMac)
          .ipv6({.source = kVip6, .destination = kClient6, .next_header = IPPROTO_ICMPV6})
          .payload({129, 0, 0x10, 0x22, 0, 1, 0, 2, 'h', 'i'})
          .build();
  EXPECT_EQ(run.packet, out) << scapy(run.packet);
}

TEST(Echo, ToOthersPassesAndFromMartiansIsDropped) {
  Loaded loaded(one_backend(false));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.run(echo4(1, {.source = kClient4, .destination = "192.0.2.99"})).action,
            XDP_PASS);
  for (const char* source : {"224.0.0.1", "255.255.255.255", "127.0.0.1", "0.0.0.0", "192.0.2.10"})
    EXPECT_EQ(loaded.run(echo4(1, {.source = source, .destination = kVip4})).action, XDP_DROP)
        << source;
}

TEST(Echo, IsRateLimited) {
  Loaded loaded(one_backend(false), {.replies_per_second = 10});
  ASSERT_TRUE(loaded.ok());
  int answered = 0;
  for (int i = 0; i < 200; i++) answered += loaded.run(echo4(1)).action == XDP_TX;
  EXPECT_GE(answered, 1);
  EXPECT_LE(answered, 10) << "two CPUs at most, and a tenth of a second's burst each";
  const Counters c = loaded.counters();
  EXPECT_EQ(c.drops[SLUICE_DROP_RATE] + c.replies[SLUICE_REPLY_ECHO], 200u);
}

Scenario mtu(uint32_t bytes, bool v6_backend) {
  Scenario s = one_backend(v6_backend);
  for (auto& [address, hop] : s.next_hops) hop.mtu = bytes;
  return s;
}

Bytes sized4(size_t length) {
  return frame4({.source = kClient4, .destination = kVip4, .fragment = 0x4000})
      .tcp({9, 80})
      .payload(length - 40)
      .build();
}
Bytes sized6(size_t length) {
  return frame6({.source = kClient6, .destination = kVip6})
      .tcp({9, 80})
      .payload(length - 60)
      .build();
}

TEST(TooBig, ExactlyTheLimitFitsAndOneMoreIsAnswered) {
  for (bool v6_backend : {false, true}) {
    Loaded loaded(mtu(1500, v6_backend));
    ASSERT_TRUE(loaded.ok());
    const size_t max = v6_backend ? 1460 : 1480;
    for (const auto& sized : {sized4, sized6}) {
      EXPECT_EQ(loaded.run(sized(max)).packet.size(), 14u + 1500);
      const Outcome run = loaded.run(sized(max + 1));
      EXPECT_EQ(run.action, XDP_TX);
      EXPECT_LT(run.packet.size(), 600u);
    }
    EXPECT_EQ(loaded.counters().replies[SLUICE_REPLY_TOO_BIG], 2u);
  }
}

TEST(TooBig, TellsTheMtuToTheSenderFromTheVip) {
  Loaded loaded(mtu(1500, false));
  ASSERT_TRUE(loaded.ok());
  const Bytes in = sized4(1500);
  const Outcome run = loaded.run(in);
  Bytes message = join({3, 4, 0, 0, 0, 0, 1480 >> 8, 1480 & 0xff}, first(from(in, 14), 512));
  const uint16_t sum = internet_checksum(message);
  message[2] = uint8_t(sum >> 8);
  message[3] = uint8_t(sum);
  const Bytes out = PacketBuilder()
                        .ethernet(kRouterMac, kOurMac)
                        .ipv4({.source = kVip4,
                               .destination = kClient4,
                               .id = 0,
                               .fragment = 0x4000,
                               .protocol = IPPROTO_ICMP})
                        .payload(message)
                        .build();
  EXPECT_EQ(run.packet, out) << scapy(run.packet);
}

TEST(TooBig, TellsTheMtuInIpv6) {
  Loaded loaded(mtu(1500, true));
  ASSERT_TRUE(loaded.ok());
  const Bytes in = sized6(1500);
  const Outcome run = loaded.run(in);
  Bytes message = join({2, 0, 0, 0, 0, 0, 1460 >> 8, 1460 & 0xff}, first(from(in, 14), 512));
  Bytes pseudo = from(PacketBuilder().ipv6({.source = kVip6, .destination = kClient6}).build(), 8);
  pseudo = join(pseudo, {0, 0, 520 >> 8, 520 & 0xff, 0, 0, 0, IPPROTO_ICMPV6});
  const uint16_t sum = internet_checksum(join(pseudo, message));
  message[2] = uint8_t(sum >> 8);
  message[3] = uint8_t(sum);
  const Bytes out =
      PacketBuilder()
          .ethernet(kRouterMac, kOurMac)
          .ipv6({.source = kVip6, .destination = kClient6, .next_header = IPPROTO_ICMPV6})
          .payload(message)
          .build();
  EXPECT_EQ(run.packet, out) << scapy(run.packet);
}

TEST(TooBig, AnIcmpErrorOrALaterFragmentIsDroppedInSilence) {
  Loaded loaded(mtu(1500, false));
  ASSERT_TRUE(loaded.ok());
  const Bytes reply = PacketBuilder()
                          .ipv4({.source = kVip4, .destination = kClient4})
                          .tcp({80, 9})
                          .payload(1430)
                          .build();
  EXPECT_EQ(loaded.run(error4(3, 4, reply)).action, XDP_DROP);
  EXPECT_EQ(loaded.counters().drops[SLUICE_DROP_TOO_BIG], 1u);
}

}  // namespace
}  // namespace sluice::test
