// SPDX-License-Identifier: Apache-2.0
// What is to be sent, as people write it.
#include "loadgen/traffic.h"

#include <gtest/gtest.h>

#include "loadgen/options.h"
#include "loadgen/port_spec.h"

namespace sluice::loadgen {
namespace {

Mix mix_of(std::initializer_list<std::pair<Kind, uint32_t>> weights) {
  Mix mix = {};
  for (const auto& [kind, weight] : weights) mix[size_t(kind)] = weight;
  return mix;
}

TEST(LoadTraffic, AMixHasKindsAndWeights) {
  EXPECT_EQ(parse_mix("established=90,syn=5,fin=5").value(),
            mix_of({{Kind::kEstablished, 90}, {Kind::kSyn, 5}, {Kind::kFin, 5}}));
  EXPECT_EQ(parse_mix("udp").value(), mix_of({{Kind::kUdp, 1}}));
  for (size_t kind = 0; kind < kKinds; kind++)
    EXPECT_EQ(parse_mix(to_string(Kind(kind))).value()[kind], 1u);
  for (const char* bad : {"", "tcp=1", "udp=", "udp=-1", "udp=1x", "udp=0", "udp=9999999"})
    EXPECT_FALSE(parse_mix(bad)) << bad;
}

TEST(LoadTraffic, AVipHasAnAddressAndAPort) {
  EXPECT_EQ(parse_vip("192.0.2.10:443").value(), (Vip{*IpAddress::parse("192.0.2.10"), 443}));
  EXPECT_EQ(parse_vip("[2001:db8::10]:53").value(), (Vip{*IpAddress::parse("2001:db8::10"), 53}));
  for (const char* bad : {"192.0.2.10", "192.0.2.10:0", "192.0.2.10:65536", "2001:db8::10:443",
                          "[192.0.2.10]:443", ":443", "192.0.2.10:https"})
    EXPECT_FALSE(parse_vip(bad)) << bad;
}

TEST(LoadTraffic, RatesSharesAndTimesHaveUnits) {
  EXPECT_DOUBLE_EQ(parse_rate("100k", true).value(), 100e3);
  EXPECT_DOUBLE_EQ(parse_rate("1.5M", true).value(), 1.5e6);
  EXPECT_DOUBLE_EQ(parse_rate("250/s", false).value(), 250);
  EXPECT_DOUBLE_EQ(parse_rate("0", false).value(), 0);
  EXPECT_DOUBLE_EQ(parse_rate("max", true).value(), 0);
  for (const char* bad : {"", "0", "-1", "10q", "inf", "nan", "1e3"})
    EXPECT_FALSE(parse_rate(bad, true)) << bad;
  EXPECT_FALSE(parse_rate("max", false));
  EXPECT_DOUBLE_EQ(parse_share("10%").value(), 0.1);
  EXPECT_DOUBLE_EQ(parse_share("0.25").value(), 0.25);
  EXPECT_FALSE(parse_share("101%"));
  EXPECT_DOUBLE_EQ(parse_seconds("500ms").value(), 0.5);
  EXPECT_DOUBLE_EQ(parse_seconds("2m").value(), 120);
  EXPECT_FALSE(parse_seconds("10"));
  EXPECT_FALSE(parse_seconds("0s"));
  EXPECT_DOUBLE_EQ(parse_order("uniform").value(), 0);
  EXPECT_DOUBLE_EQ(parse_order("zipf:1.1").value(), 1.1);
  EXPECT_FALSE(parse_order("zipf:0"));
}

TEST(LoadTraffic, IsRefusedWhereItHasNoRoom) {
  Traffic t = {.vips = {{*IpAddress::parse("192.0.2.10"), 443}},
               .sources_v4 = *IpPrefix::parse("198.51.100.1"),
               .mix = mix_of({{Kind::kUdp, 1}}),
               .flows = 64512};
  EXPECT_TRUE(check(t, 10));
  t.flows++;
  EXPECT_FALSE(check(t, 10));
  t.sources_v4 = *IpPrefix::parse("198.51.100.0/31");
  EXPECT_TRUE(check(t, 10));
  t.new_flows = 1e9;
  EXPECT_FALSE(check(t, 10));
}

TEST(LoadPort, IsAnInterfaceOrACard) {
  EXPECT_EQ(parse_port("af_xdp:eth0,queue_count=2").value(),
            (PortSpec{PortKind::kAfXdp, "eth0", "queue_count=2"}));
  EXPECT_EQ(parse_port("pci:0000:01:00.0").value(), (PortSpec{PortKind::kPci, "0000:01:00.0", ""}));
  EXPECT_FALSE(parse_port("eth0"));
  EXPECT_FALSE(parse_port("af_packet:"));
  EXPECT_EQ(dpdk_name({PortKind::kAfXdp, "eth0", ""}, 1), "net_af_xdp1");
  EXPECT_EQ(dpdk_arguments({PortKind::kAfXdp, "eth0", "queue_count=2"}),
            "iface=eth0,queue_count=2");
  EXPECT_EQ(dpdk_arguments({PortKind::kAfPacket, "eth0", "framecnt=64"}), "iface=eth0,framecnt=64");
  EXPECT_EQ(dpdk_name({PortKind::kPci, "0000:01:00.0", ""}, 1), "0000:01:00.0");
}

TEST(LoadOptions, AllThatIsWrongIsToldAtOnce) {
  OptionTexts texts;
  texts.tx = "eth0";
  texts.to = "02:00:00:00:00";
  texts.vips = {"192.0.2.10"};
  texts.flood = "200%";
  const Result<Options> options = options_of(texts);
  ASSERT_FALSE(options);
  for (const char* option : {"--tx", "--to", "--vip", "--flood"})
    EXPECT_NE(options.error().message.find(option), std::string::npos) << option;
}

}  // namespace
}  // namespace sluice::loadgen
