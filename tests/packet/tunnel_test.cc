// SPDX-License-Identifier: Apache-2.0
// Every tunnel in every family combination: the whole packet that a backend gets.
#include <linux/bpf.h>
#include <netinet/in.h>

#include <set>

#include "packet/fixture.h"

namespace sluice::test {
namespace {

struct Case {
  std::string name;
  Forward forward;
  uint8_t protocol;  // of the outer IP header; 0: that of the inner family
  Bytes v4, v6;      // what stands between the outer IP header and an IPv4, an IPv6 packet;
                     // of a UDP header the source port, length and checksum are zero here
};

Bytes udp_to(uint16_t port, Bytes more = {}) {
  return join({0, 0, uint8_t(port >> 8), uint8_t(port), 0, 0, 0, 0}, more);
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"Ipip", {.tunnel = Tunnel::kIpip}, 0, {}, {}},
      {"Gre", {.tunnel = Tunnel::kGre}, 47, {0, 0, 8, 0}, {0, 0, 0x86, 0xdd}},
      {"Fou",
       {.tunnel = Tunnel::kFou, .port = 5555, .port_v6 = 5556},
       17,
       udp_to(5555),
       udp_to(5556)},
      {"Gue",
       {.tunnel = Tunnel::kGue, .port = 6080},
       17,
       udp_to(6080, {0, 4, 0, 0}),
       udp_to(6080, {0, 41, 0, 0})},
      {"GueVariant1",
       {.tunnel = Tunnel::kGue, .port = 6080, .gue_variant = 1},
       17,
       udp_to(6080),
       udp_to(6080)},
      {"Geneve",
       {.tunnel = Tunnel::kGeneve, .port = 6081, .vni = 0x123456},
       17,
       udp_to(6081, {0, 0, 8, 0, 0x12, 0x34, 0x56, 0}),
       udp_to(6081, {0, 0, 0x86, 0xdd, 0x12, 0x34, 0x56, 0})},
  };
  return all;
}

size_t outer_ip_size(bool v6_backend) {
  return v6_backend ? 40 : 20;
}

// The outer packet with everything that depends on the flow's hash copied from `out`: flow label,
// UDP source port, and the UDP checksum, which is checked by itself.
Bytes expected(const Case& c, const Bytes& in, bool v6_backend, const Bytes& out) {
  const bool v4 = in[12] == 0x08;
  Bytes between = v4 ? c.v4 : c.v6;
  const Bytes inner = from(in, 14);
  const size_t at = 14 + outer_ip_size(v6_backend);
  if (c.protocol == 17) {
    const uint16_t length = uint16_t(between.size() + inner.size());
    between[0] = out[at];
    between[1] = out[at + 1];
    between[4] = uint8_t(length >> 8);
    between[5] = uint8_t(length);
    if (v6_backend) {
      between[6] = out[at + 6];
      between[7] = out[at + 7];
    }
  }
  const uint8_t protocol = c.protocol ? c.protocol : uint8_t(v4 ? 4 : 41);
  PacketBuilder b;
  b.ethernet(kRouterMac, kOurMac);
  if (v6_backend) {
    const uint32_t label = uint32_t(out[15] & 0xf) << 16 | uint32_t(out[16]) << 8 | out[17];
    b.ipv6({.source = kSource6,
            .destination = "2001:db8:b::11",
            .flow_label = label,
            .next_header = protocol});
  } else {
    b.ipv4({.source = kSource4,
            .destination = "203.0.113.11",
            .id = 0,
            .fragment = 0x4000,
            .protocol = protocol});
  }
  return b.payload(join(between, inner)).build();
}

// RFC 8200, 8.1: the sum over pseudo header and datagram, checksum included, is zero.
uint16_t udp6_sum(const Bytes& out) {
  const Bytes datagram = from(out, 14 + 40);
  Bytes pseudo(out.begin() + 14 + 8, out.begin() + 14 + 40);
  pseudo = join(pseudo, {0, 17, uint8_t(datagram.size() >> 8), uint8_t(datagram.size())});
  return internet_checksum(join(pseudo, datagram));
}

Scenario scenario(const Case& c, bool v6_backend) {
  Scenario s = one_backend(v6_backend);
  s.config.pools["pool"].backends[0].forward = c.forward;
  return s;
}

class Tunnels : public testing::TestWithParam<std::tuple<size_t, bool>> {
 protected:
  const Case& tunnel() const { return cases()[std::get<0>(GetParam())]; }
  bool v6_backend() const { return std::get<1>(GetParam()); }
};

TEST_P(Tunnels, BackendGetsThisPacket) {
  Loaded loaded(scenario(tunnel(), v6_backend()));
  ASSERT_TRUE(loaded.ok());
  for (const Bytes& in : {tcp4(), tcp6()}) {
    const Outcome run = loaded.run(in);
    ASSERT_EQ(run.action, XDP_TX);
    EXPECT_EQ(run.packet, expected(tunnel(), in, v6_backend(), run.packet)) << scapy(run.packet);
    if (tunnel().protocol == 17) {
      const uint16_t port = uint16_t(run.packet[14 + outer_ip_size(v6_backend())] << 8);
      EXPECT_GE(port, 0xc000) << "of the dynamic range";
    }
  }
}

// Full, odd and minimal lengths; inner checksums that are wrong or absent do not matter.
TEST_P(Tunnels, UdpChecksumOverIpv6IsRightForEveryLength) {
  if (tunnel().protocol != 17 || !v6_backend()) return;
  Loaded loaded(scenario(tunnel(), true));
  ASSERT_TRUE(loaded.ok());
  for (size_t length = 0; length < 1440; length += length < 70 ? 1 : 97) {
    Bytes in =
        frame4({.source = kClient4, .destination = kVip4}).udp({9, 443}).payload(length).build();
    in[40] = in[41] = uint8_t(length);  // an inner checksum that is wrong
    const Outcome run = loaded.run(in);
    ASSERT_EQ(run.action, XDP_TX) << length;
    EXPECT_EQ(udp6_sum(run.packet), 0) << length;
  }
}

TEST_P(Tunnels, UdpChecksumOverIpv6IsZeroWhereAskedFor) {
  if (tunnel().protocol != 17 || !v6_backend()) return;
  Scenario s = scenario(tunnel(), true);
  s.config.pools["pool"].backends[0].forward.checksum_v6 = false;
  Loaded loaded(s);
  ASSERT_TRUE(loaded.ok());
  const Bytes out = loaded.run(tcp4()).packet;
  EXPECT_EQ(out[14 + 40 + 6] | out[14 + 40 + 7], 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, Tunnels, testing::Combine(testing::Range(size_t(0), cases().size()), testing::Bool()),
    [](const auto& i) {
      return cases()[std::get<0>(i.param)].name + (std::get<1>(i.param) ? "OverIpv6" : "OverIpv4");
    });

TEST(L2, OnlyTheMacAddressesChange) {
  Loaded loaded(scenario({"L2", {.tunnel = Tunnel::kL2}, 0, {}, {}}, false));
  ASSERT_TRUE(loaded.ok());
  for (const Bytes& in : {tcp4(), tcp6()}) {
    const Outcome run = loaded.run(in);
    EXPECT_EQ(run.action, XDP_TX);
    const Bytes macs = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0x0b};
    EXPECT_EQ(run.packet, join(macs, from(in, 12)));
  }
}

TEST(SourcePrefix, CarriesTheFlowsEntropyInItsFreeBits) {
  Scenario s = one_backend(false);
  s.config.pools["pool"].backends[0].forward.source_v4 = IpPrefix::parse("198.18.0.0/16");
  Loaded loaded(s);
  ASSERT_TRUE(loaded.ok());
  std::set<std::string> sources;
  for (uint16_t port = 1; port <= 50; port++) {
    const Bytes in = frame4({.source = kClient4, .destination = kVip4}).tcp({port, 80}).build();
    const Bytes out = loaded.run(in).packet;
    ASSERT_GE(out.size(), 34u);
    EXPECT_EQ(internet_checksum(Bytes(out.begin() + 14, out.begin() + 34)), 0);
    const std::string source = IpAddress::from_v4(out.data() + 26).to_string();
    EXPECT_TRUE(IpPrefix::parse("198.18.0.0/16")->contains(*IpAddress::parse(source))) << source;
    sources.insert(source);
  }
  EXPECT_GT(sources.size(), 45u);
}

}  // namespace
}  // namespace sluice::test
