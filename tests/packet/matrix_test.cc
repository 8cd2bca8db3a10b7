// SPDX-License-Identifier: Apache-2.0
// VLAN tags, MAC addresses, martians, TTL, IPv6 header chains, loops; prefix VIPs, port ranges,
// any.
#include <linux/bpf.h>
#include <netinet/in.h>

#include "packet/fixture.h"

namespace sluice::test {
namespace {

Bytes tag(uint16_t type, uint16_t vlan) {
  return {uint8_t(type >> 8), uint8_t(type), uint8_t(vlan >> 8), uint8_t(vlan)};
}

// `frame` with VLAN tags behind its addresses.
Bytes tagged(const Bytes& frame, const Bytes& tags) {
  return join(join(first(frame, 12), tags), from(frame, 12));
}

const Bytes kOneTag = tag(0x8100, 7), kTwoTags = join(tag(0x88a8, 100), tag(0x8100, 7));

TEST(Vlan, TagsGoOutWithThePacket) {
  for (bool v6_backend : {false, true})
    for (const Bytes& tags : {kOneTag, kTwoTags})
      for (const Bytes& in : {tcp4(), tcp6()}) {
        Loaded loaded(one_backend(v6_backend));
        ASSERT_TRUE(loaded.ok());
        // keep_vlan is for interfaces of the configuration.
        Scenario s = one_backend(v6_backend);
        s.config.interfaces.push_back({.name = "test"});
        loaded.publish(s);
        const Bytes plain = loaded.run(in).packet;
        const Outcome run = loaded.run(tagged(in, tags));
        EXPECT_EQ(run.action, XDP_TX);
        EXPECT_EQ(run.packet, tagged(plain, tags)) << scapy(run.packet);
      }
}

TEST(Vlan, TagsAreStrippedWhereAskedFor) {
  Scenario s = one_backend(false);
  s.config.interfaces.push_back({.name = "test", .keep_vlan = false});
  Loaded loaded(s);
  ASSERT_TRUE(loaded.ok());
  for (const Bytes& tags : {kOneTag, kTwoTags})
    EXPECT_EQ(loaded.run(tagged(tcp4(), tags)).packet, loaded.run(tcp4()).packet);
}

TEST(Vlan, AThirdTagIsNotIpToUs) {
  Loaded loaded(one_backend(false));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.run(tagged(tcp4(), join(kTwoTags, kOneTag))).action, XDP_PASS);
}

TEST(Vlan, AnswersKeepTheirTags) {
  Loaded loaded(one_backend(false));
  ASSERT_TRUE(loaded.ok());
  const Bytes echo = frame4({.source = kClient4, .destination = kVip4, .protocol = 1})
                         .payload({8, 0, 0xf7, 0xff, 0, 0, 0, 0})
                         .build();
  EXPECT_EQ(loaded.run(tagged(echo, kTwoTags)).packet, tagged(loaded.run(echo).packet, kTwoTags));
}

TEST(Mac, FramesForOthersPass) {
  Scenario s = one_backend(false);
  s.macs = {*MacAddress::parse("02:00:00:00:00:0a"), *MacAddress::parse(kOurMac)};
  Loaded loaded(s);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.run(tcp4()).action, XDP_TX);
  for (const char* mac : {"02:00:00:00:00:0c", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01"}) {
    const Bytes in = PacketBuilder()
                         .ethernet(mac, kRouterMac)
                         .ipv4({.source = kClient4, .destination = kVip4})
                         .tcp({9, 80})
                         .build();
    const Outcome run = loaded.run(in);
    EXPECT_EQ(run.action, XDP_PASS) << mac;
    EXPECT_EQ(run.packet, in);
  }
  EXPECT_EQ(loaded.counters().passes[SLUICE_PASS_OTHER_MAC], 3u);
}

TEST(Ttl, ZeroIsDroppedAndOneIsNot) {
  Loaded loaded(one_backend(false));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.run(tcp4({.source = kClient4, .destination = kVip4, .ttl = 0})).action,
            XDP_DROP);
  EXPECT_EQ(loaded.run(tcp6({.source = kClient6, .destination = kVip6, .hop_limit = 0})).action,
            XDP_DROP);
  EXPECT_EQ(loaded.counters().drops[SLUICE_DROP_TTL], 2u);
  EXPECT_EQ(loaded.run(tcp4({.source = kClient4, .destination = kVip4, .ttl = 1})).action, XDP_TX);
}

TEST(Martian, SourcesAreDropped) {
  const char* v4[] = {"0.0.0.1",   "127.0.0.1",       "224.0.0.1",
                      "240.0.0.1", "255.255.255.255", "192.0.2.10"};
  const char* v6[] = {"::", "::1", "ff02::1", "::ffff:198.51.100.7", "2001:db8::10"};
  Loaded loaded(one_backend(false));
  ASSERT_TRUE(loaded.ok());
  for (const char* source : v4)
    EXPECT_EQ(loaded.run(tcp4({.source = source, .destination = kVip4})).action, XDP_DROP)
        << source;
  for (const char* source : v6)
    EXPECT_EQ(loaded.run(tcp6({.source = source, .destination = kVip6})).action, XDP_DROP)
        << source;
  EXPECT_EQ(loaded.counters().drops[SLUICE_DROP_MARTIAN], 11u);
}

// ---- IPv6 extension headers.

Bytes extension(uint8_t next, size_t units = 1) {
  Bytes b(units * 8);
  b[0] = next;
  b[1] = uint8_t(units - 1);
  b[2] = 1;  // PadN, or a routing type that is not forbidden
  b[3] = uint8_t(units * 8 - 4);
  return b;
}

Bytes with_chain(uint8_t first_header, const Bytes& chain) {
  const Bytes whole = tcp6();
  const Bytes tcp = from(whole, 14 + 40);
  return frame6({.source = kClient6, .destination = kVip6, .next_header = first_header})
      .payload(join(chain, tcp))
      .build();
}

Bytes options(int n) {
  Bytes chain;
  for (int i = 0; i < n; i++) chain = join(chain, extension(i + 1 < n ? 60 : 6, size_t(1 + i % 3)));
  return chain;
}

TEST(Ipv6Chain, OfUpToEightHeadersIsWalked) {
  Loaded loaded(one_backend(false));
  ASSERT_TRUE(loaded.ok());
  for (int n = 1; n <= 8; n++)
    EXPECT_EQ(loaded.run(with_chain(60, options(n))).action, XDP_TX) << n;
  for (int n = 9; n <= 12; n++)
    EXPECT_EQ(loaded.run(with_chain(60, options(n))).action, XDP_DROP) << n;
  EXPECT_EQ(loaded.run(with_chain(0, extension(6))).action, XDP_TX) << "hop-by-hop";
  EXPECT_EQ(loaded.run(with_chain(43, extension(6))).action, XDP_TX) << "routing, not type 0";
  Bytes ah(12);
  ah[0] = 6;
  ah[1] = 1;  // 3 words
  EXPECT_EQ(loaded.run(with_chain(51, ah)).action, XDP_TX) << "authentication";
}

TEST(Ipv6Chain, ThatIsMalformedIsDropped) {
  Bytes routing0 = extension(6);
  routing0[2] = 0;
  Bytes overrun = extension(6);
  overrun[1] = 200;
  const std::pair<const char*, Bytes> bad[] = {
      {"routing type 0", with_chain(43, routing0)},
      {"length overrun", with_chain(60, overrun)},
      {"hop-by-hop not first", with_chain(60, join(extension(0), extension(6)))},
      {"two fragment headers", with_chain(44, join(extension(44), extension(6)))},
  };
  for (const auto& [name, in] : bad) {
    Loaded loaded(one_backend(false));
    ASSERT_TRUE(loaded.ok());
    EXPECT_EQ(loaded.run(in).action, XDP_DROP) << name;
    EXPECT_EQ(loaded.run(tcp6()).action, XDP_TX) << "the control after " << name;
  }
}

TEST(Ipv6Chain, WithoutTransportPasses) {
  Loaded loaded(one_backend(false));
  ASSERT_TRUE(loaded.ok());
  for (uint8_t proto : {50, 59, 132, 135, 139, 140})
    EXPECT_EQ(loaded.run(with_chain(proto, {})).action, XDP_PASS) << int(proto);
}

TEST(Ipv6Chain, AtEveryLengthNeverGoesWrong) {
  Loaded loaded(one_backend(false));
  ASSERT_TRUE(loaded.ok());
  const Bytes whole = with_chain(60, options(4));
  for (size_t n = 14; n < whole.size(); n++)
    EXPECT_NE(loaded.run(first(whole, n)).action, XDP_TX) << n;
}

// ---- What a VIP may be, and its ports.

Service service(const char* name, const char* vip, PortRange ports, const char* pool) {
  return {.name = name, .vips = {*IpPrefix::parse(vip)}, .ports = {ports}, .pool = pool};
}

// Pools a, b, c ... of one backend each, 203.0.113.1, .2, .3 ...
Scenario pools(const std::vector<Service>& services) {
  Scenario s = one_backend(false);
  s.config.services = services;
  s.config.pools.clear();
  for (int i = 0; i < 6; i++) {
    Scenario one;
    const std::string name(1, char('a' + i));
    one.config.pools["pool"].name = "pool";
    add_backend(one, "203.0.113." + std::to_string(i + 1), 100);
    s.config.pools[name] = one.config.pools["pool"];
    s.config.pools[name].name = name;
    s.next_hops.insert(one.next_hops.begin(), one.next_hops.end());
  }
  return s;
}

// The pool that a packet to vip:port is sent to; "pass" or "drop".
std::string pool_of(Loaded& loaded, const std::string& vip, uint16_t port, uint8_t protocol = 6) {
  PacketBuilder b = vip.find(':') == std::string::npos
                        ? frame4({.source = kClient4, .destination = vip, .protocol = protocol})
                        : frame6({.source = kClient6, .destination = vip, .next_header = protocol});
  Bytes l4 = {0x12, 0x34, uint8_t(port >> 8), uint8_t(port)};
  l4.resize(20);
  const Outcome run = loaded.run(b.payload(l4).build());
  if (run.action == XDP_PASS) return "pass";
  if (run.action != XDP_TX) return "drop";
  return std::string(1, char('a' + run.packet[33] - 1));
}

TEST(Vip, TheLongestPrefixWins) {
  Loaded loaded(pools({
      service("wide", "192.0.2.0/24", PortRange::one(80, 6), "a"),
      service("narrow", "192.0.2.128/25", PortRange::one(80, 6), "b"),
      service("exact", "192.0.2.200", PortRange::one(80, 6), "c"),
      service("v6", "2001:db8:1::/48", PortRange::one(80, 6), "d"),
  }));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(pool_of(loaded, "192.0.2.1", 80), "a");
  EXPECT_EQ(pool_of(loaded, "192.0.2.127", 80), "a");
  EXPECT_EQ(pool_of(loaded, "192.0.2.128", 80), "b");
  EXPECT_EQ(pool_of(loaded, "192.0.2.200", 80), "c");
  EXPECT_EQ(pool_of(loaded, "192.0.3.1", 80), "pass");
  EXPECT_EQ(pool_of(loaded, "2001:db8:1:ffff::1", 80), "d");
  EXPECT_EQ(pool_of(loaded, "2001:db8:2::1", 80), "pass");
  EXPECT_EQ(pool_of(loaded, "192.0.2.1", 81), "pass");
}

TEST(Vip, PrefixesComeAndGo) {
  Loaded loaded(pools({service("s", "192.0.2.0/24", PortRange::one(80, 6), "a")}));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(pool_of(loaded, "192.0.2.1", 80), "a");
  loaded.publish(pools({service("s", "192.0.2.0/25", PortRange::one(80, 6), "b")}));
  EXPECT_EQ(pool_of(loaded, "192.0.2.1", 80), "b");
  EXPECT_EQ(pool_of(loaded, "192.0.2.200", 80), "pass");
  loaded.publish(pools({service("s", "192.0.2.0/26", PortRange::one(80, 6), "c")}));
  EXPECT_EQ(pool_of(loaded, "192.0.2.1", 80), "c");
  loaded.publish(pools({service("s", "198.51.100.1", PortRange::one(80, 6), "a")}));
  EXPECT_EQ(pool_of(loaded, "192.0.2.1", 80), "pass");
}

TEST(Ports, ExactThenRangeThenAnyPortThenAnyProtocol) {
  const char* vip = "192.0.2.10";
  Loaded loaded(pools({
      service("exact", vip, PortRange::one(27015, 17), "a"),
      service("range", vip, {27000, 27100, 17}, "b"),
      service("range2", vip, {30000, 65535, 17}, "c"),
      service("any-tcp", vip, PortRange::any(6), "d"),
      service("rest", vip, PortRange::any(0), "e"),
      service("range-tcp", vip, {1000, 1999, 6}, "f"),
  }));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(pool_of(loaded, vip, 27015, 17), "a");
  EXPECT_EQ(pool_of(loaded, vip, 27000, 17), "b");
  EXPECT_EQ(pool_of(loaded, vip, 27100, 17), "b");
  EXPECT_EQ(pool_of(loaded, vip, 26999, 17), "e");
  EXPECT_EQ(pool_of(loaded, vip, 27101, 17), "e");
  EXPECT_EQ(pool_of(loaded, vip, 65535, 17), "c");
  EXPECT_EQ(pool_of(loaded, vip, 80, 6), "d");
  EXPECT_EQ(pool_of(loaded, vip, 0, 6), "d");
  EXPECT_EQ(pool_of(loaded, vip, 27015, 6), "d");
  EXPECT_EQ(pool_of(loaded, vip, 1000, 6), "f");
  EXPECT_EQ(pool_of(loaded, vip, 0, 132), "e") << "SCTP";
  EXPECT_EQ(pool_of(loaded, vip, 0, 47), "e") << "GRE";
}

TEST(Ports, ManyRangesAreAllFound) {
  std::vector<Service> services;
  for (int i = 0; i < 300; i++)
    services.push_back(service(("r" + std::to_string(i)).c_str(), "192.0.2.10",
                               {uint16_t(100 * i + 10), uint16_t(100 * i + 50), 6},
                               i % 2 ? "a" : "b"));
  Loaded loaded(pools(services));
  ASSERT_TRUE(loaded.ok());
  for (int i = 0; i < 300; i++) {
    const std::string pool = i % 2 ? "a" : "b";
    EXPECT_EQ(pool_of(loaded, "192.0.2.10", uint16_t(100 * i + 10)), pool) << i;
    EXPECT_EQ(pool_of(loaded, "192.0.2.10", uint16_t(100 * i + 50)), pool) << i;
    EXPECT_EQ(pool_of(loaded, "192.0.2.10", uint16_t(100 * i + 51)), "pass") << i;
    EXPECT_EQ(pool_of(loaded, "192.0.2.10", uint16_t(100 * i + 9)), "pass") << i;
  }
}

// ---- Loops.

TEST(Loop, OurOwnTunnelsPacketToAVipIsDropped) {
  Scenario s = pools({service("rest", kVip4.c_str(), PortRange::any(0), "a")});
  s.config.pools["a"].backends[0].forward = {.tunnel = Tunnel::kGue, .port = 6080};
  Loaded loaded(s);
  ASSERT_TRUE(loaded.ok());
  const auto from_us = [](uint8_t protocol, const Bytes& payload, const std::string& source) {
    return frame4({.source = source, .destination = kVip4, .protocol = protocol})
        .payload(payload)
        .build();
  };
  const Bytes inner = from(tcp4(), 14);
  const Bytes udp = join({0xc0, 0, 6080 >> 8, 6080 & 0xff, 0, 53, 0, 0}, inner);
  for (uint8_t protocol : {4, 41, 47})
    EXPECT_EQ(loaded.run(from_us(protocol, inner, kSource4)).action, XDP_DROP) << int(protocol);
  EXPECT_EQ(loaded.run(from_us(17, udp, kSource4)).action, XDP_DROP);
  EXPECT_EQ(loaded.counters().drops[SLUICE_DROP_LOOP], 4u);
  EXPECT_EQ(loaded.run(from_us(4, inner, kClient4)).action, XDP_TX) << "somebody else's tunnel";
  EXPECT_EQ(loaded.run(from_us(6, from(tcp4(), 34), kSource4)).action, XDP_TX) << "no tunnel";
}

// Two balancers, each with a VIP of the other as its backend: dead after three passes.
TEST(Loop, ATunnelInATunnelInATunnelIsDropped) {
  Loaded loaded(pools({service("rest", kVip4.c_str(), PortRange::any(0), "a")}));
  ASSERT_TRUE(loaded.ok());
  Bytes packet = tcp4();
  int passes = 0;
  while (passes < 10) {
    const Outcome run = loaded.run(packet);
    if (run.action != XDP_TX) break;
    passes++;
    // The other balancer sends the same on to our VIP, from an address we do not know.
    packet = frame4({.source = "203.0.113.99", .destination = kVip4, .protocol = IPPROTO_IPIP})
                 .payload(from(run.packet, 14))
                 .build();
  }
  EXPECT_LE(passes, 3);
  EXPECT_GE(passes, 1);
}

}  // namespace
}  // namespace sluice::test
