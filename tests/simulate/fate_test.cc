// SPDX-License-Identifier: Apache-2.0
// What is said of a packet, and what it is turned into.
#include <netinet/in.h>

#include "simulate/fixture.h"

namespace sluice::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

json line(size_t index, const std::string& verdict, const json& reason, const json& service,
          const json& backend, const json& interface, const Bytes& packet) {
  return {{"index", index},       {"verdict", verdict}, {"reason", reason},
          {"service", service},   {"backend", backend}, {"interface", interface},
          {"packet", hex(packet)}};
}

// At both hooks; what they do is the same.
struct FateTest : SimulateTest, ::testing::WithParamInterface<std::string> {
  FateTest() { hook = GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Hook, FateTest, ::testing::Values("xdp", "tc"),
                         [](const auto& hook) { return hook.param; });

TEST_P(FateTest, EveryVerdictIsALineOfItsOwn) {
  const Bytes other = PacketBuilder()
                          .ethernet(kMac, kRouterMac)
                          .ipv4({.source = kClient, .destination = "203.0.113.99"})
                          .tcp({1, 80})
                          .build();
  const Bytes closed = PacketBuilder()
                           .ethernet(kMac, kRouterMac)
                           .ipv4({.source = kClient, .destination = kVip})
                           .tcp({1, 81})
                           .build();
  const Bytes expired = PacketBuilder()
                            .ethernet(kMac, kRouterMac)
                            .ipv4({.source = kClient, .destination = kVip, .ttl = 0})
                            .tcp({1, 80})
                            .build();
  const std::vector<json> got = lines({syn_to_vip(), other, closed, expired});
  EXPECT_EQ(got[0], line(0, "tx", nullptr, "shop", "web/be1", "eth0", to_backend(syn_to_vip())));
  EXPECT_EQ(got[1], line(1, "pass", "NOT_VIP", nullptr, nullptr, nullptr, other));
  EXPECT_EQ(got[2], line(2, "pass", "NO_SERVICE", nullptr, nullptr, nullptr, closed));
  EXPECT_EQ(got[3], line(3, "drop", "TTL", nullptr, nullptr, nullptr, expired));
}

TEST_P(FateTest, KeysStandInTheirOrder) {
  const Outcome outcome = simulate(std::vector<Bytes>{syn_to_vip()}, "-o json" + kHost);
  EXPECT_EQ(outcome.out,
            "{\"index\":0,\"verdict\":\"tx\",\"reason\":null,\"service\":\"shop\","
            "\"backend\":\"web/be1\",\"interface\":\"eth0\",\"packet\":\"" +
                hex(to_backend(syn_to_vip())) + "\"}\n");
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST_P(FateTest, AnotherWayOutIsARedirect) {
  std::string config = kConfig;
  config.replace(config.find("  eth0:"), 0, "  clients: {}\n");
  write("sluice.yaml", config);
  const Bytes sent = to_backend(syn_to_vip());
  EXPECT_EQ(lines({syn_to_vip()})[0],
            line(0, "redirect", nullptr, "shop", "web/be1", "eth0", sent));
  EXPECT_EQ(lines({syn_to_vip()}, kHost + " --interface eth0")[0],
            line(0, "tx", nullptr, "shop", "web/be1", "eth0", sent));
  EXPECT_EQ(lines({syn_to_vip()}, kHost + " --interface eth0 --egress clients")[0]["interface"],
            "clients");
}

TEST_P(FateTest, AnEchoRequestIsAnsweredByTheBalancerItself) {
  const Bytes request = icmp4({8, 0, 0, 0, 0x12, 0x34, 0, 1, 'a', 'b', 'c', 'd'});
  const Bytes message = {0, 0, 0, 0, 0x12, 0x34, 0, 1, 'a', 'b', 'c', 'd'};
  const uint16_t sum = internet_checksum(message);
  Bytes summed = message;
  summed[2] = uint8_t(sum >> 8);
  summed[3] = uint8_t(sum);
  const Bytes answer = PacketBuilder()
                           .ethernet(kRouterMac, kMac)
                           .ipv4({.source = kVip, .destination = kClient, .protocol = IPPROTO_ICMP})
                           .payload(summed)
                           .build();
  EXPECT_EQ(lines({request})[0], line(0, "tx", "ECHO", nullptr, nullptr, "eth0", answer));
}

TEST_P(FateTest, WhatDoesNotFitIsToldSo) {
  const Bytes large = PacketBuilder()
                          .ethernet(kMac, kRouterMac)
                          .ipv4({.source = kClient, .destination = kVip})
                          .tcp({1, 80})
                          .payload(1441)  // 1481 bytes of IP, and 20 more do not fit 1500
                          .build();
  const json told = lines({large})[0];
  EXPECT_EQ(told["verdict"], "tx");
  EXPECT_EQ(told["reason"], "TOO_BIG");
  EXPECT_EQ(told["service"], "shop");
  EXPECT_EQ(told["backend"], "web/be1");
  const size_t kMtuAt = 2 * (14 + 20 + 6);  // in the ICMP message
  EXPECT_EQ(told["packet"].get<std::string>().substr(kMtuAt, 4), hex({1480 >> 8, 1480 & 0xff}));

  EXPECT_EQ(lines({large}, kHost + " --mtu 1501")[0]["reason"], nullptr);
  EXPECT_EQ(
      lines({syn_to_vip(), large}, kHost + " --mtu 576")[1]["packet"].get<std::string>().substr(
          kMtuAt, 4),
      hex({556 >> 8, 556 & 0xff}));
}

TEST_P(FateTest, AFragmentIsRememberedFromPacketToPacket) {
  const Bytes head =
      PacketBuilder()
          .ethernet(kMac, kRouterMac)
          .ipv4({.source = kClient, .destination = kVip, .id = 7, .fragment = 0x2000})
          .tcp({1, 80})
          .payload(4)
          .build();
  const Bytes tail = PacketBuilder()
                         .ethernet(kMac, kRouterMac)
                         .ipv4({.source = kClient,
                                .destination = kVip,
                                .id = 7,
                                .fragment = 3,
                                .protocol = IPPROTO_TCP})
                         .payload(10)
                         .build();
  const std::vector<json> got = lines({tail, head, tail});
  EXPECT_EQ(got[0], line(0, "drop", "FRAGMENT", nullptr, nullptr, nullptr, tail));
  EXPECT_EQ(got[1], line(1, "tx", nullptr, "shop", "web/be1", "eth0", to_backend(head)));
  EXPECT_EQ(got[2], line(2, "tx", nullptr, "shop", "web/be1", "eth0", to_backend(tail)));
}

// The frame with one more VLAN tag in front.
Bytes tagged(const Bytes& frame, uint16_t type, uint8_t id) {
  return join(join(first(frame, 12), {uint8_t(type >> 8), uint8_t(type), 0, id}), from(frame, 12));
}

TEST_P(FateTest, VlanTagsGoOutUnlessTheyAreStripped) {
  const Bytes plain = syn_to_vip(), one = tagged(plain, 0x8100, 5), two = tagged(one, 0x88a8, 6);
  const Bytes sent = to_backend(plain), sent_one = tagged(sent, 0x8100, 5);
  std::vector<json> got = lines({plain, one, two});
  EXPECT_EQ(got[0]["packet"], hex(sent));
  EXPECT_EQ(got[1]["packet"], hex(sent_one));
  EXPECT_EQ(got[2]["packet"], hex(tagged(sent_one, 0x88a8, 6)));

  std::string config = kConfig;
  config.replace(config.find("{next_hop"), 1, "{vlan: strip, ");
  write("sluice.yaml", config);
  got = lines({plain, one, two});
  for (const json& l : got) EXPECT_EQ(l["packet"], hex(sent));
}

TEST_P(FateTest, AnAnswerHasTheVlanTagsOfWhatItAnswers) {
  const Bytes echo = icmp4({8, 0, 0, 0, 0, 0, 0, 0});
  const Bytes large = PacketBuilder()
                          .ethernet(kMac, kRouterMac)
                          .ipv4({.source = kClient, .destination = kVip})
                          .tcp({1, 80})
                          .payload(1460)
                          .build();
  for (const Bytes& frame : {echo, large}) {
    const Bytes one = tagged(frame, 0x8100, 5), two = tagged(one, 0x88a8, 6);
    const std::vector<json> got = lines({frame, one, two});
    const std::string answer = got[0]["packet"];
    EXPECT_EQ(got[0]["verdict"], "tx");
    const std::string macs = answer.substr(0, 24), rest = answer.substr(24);
    EXPECT_EQ(got[1]["packet"], macs + "81000005" + rest);
    EXPECT_EQ(got[2]["packet"], macs + "88a8000681000005" + rest);
  }
}

TEST_P(FateTest, AServiceWithoutABackendIsNamed) {
  std::string config = kConfig;
  config.replace(config.find("203.0.113.11}"), 13, "203.0.113.11, weight: 0}");
  write("sluice.yaml", config);
  EXPECT_EQ(lines({syn_to_vip()})[0],
            line(0, "drop", "NO_MEMBER", "shop", nullptr, nullptr, syn_to_vip()));
}

TEST_P(FateTest, AResetOfAServiceWithoutABackendIsShown) {
  std::string config = kConfig;
  config.replace(config.find("203.0.113.11}"), 13, "203.0.113.11, weight: 0}");
  write("sluice.yaml", config + "    empty: reset\n");
  const Bytes answer =
      PacketBuilder()
          .ethernet(kRouterMac, kMac)
          .ipv4({.source = kVip, .destination = kClient, .id = 0, .fragment = 0x4000})
          .tcp({80, 31337, /*RST, ACK*/ 0x14, 0, /*the SYN's 1, and 1*/ 2, 0})
          .build();
  EXPECT_EQ(lines({syn_to_vip()})[0], line(0, "tx", "RESET", "shop", nullptr, "eth0", answer));
}

TEST_P(FateTest, TooShortForAnIpHeaderIsNotIp) {
  std::vector<Bytes> frames;
  for (size_t n : {1, 13, 14, 15, 33}) frames.push_back(first(syn_to_vip(), n));
  const Bytes v6 = PacketBuilder()
                       .ethernet(kMac, kRouterMac)
                       .ipv6({.source = "2001:db8:c::7", .destination = kVip6})
                       .build();
  for (size_t n : {15, 34, 53}) frames.push_back(first(v6, n));
  const std::vector<json> got = lines(frames);
  for (size_t i = 0; i < frames.size(); i++)
    EXPECT_EQ(got[i], line(i, "pass", "NOT_IP", nullptr, nullptr, nullptr, frames[i]));
}

TEST_P(FateTest, TheTableIsForPeople) {
  const Outcome outcome =
      simulate({syn_to_vip(), first(syn_to_vip(), 20), icmp4({8, 0, 0, 0, 0, 0, 0, 0})}, kHost);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.err, IsEmpty());
  EXPECT_EQ(outcome.out, R"(  INDEX  VERDICT   REASON             SERVICE  BACKEND  INTERFACE  BYTES
      0  tx        -                  shop     web/be1  eth0          74
      1  pass      NOT_IP             -        -        -             20
      2  tx        ECHO               -        -        eth0          42

VERDICT  PACKETS  SHARE  REASON  MEANING
tx             1  33.3%  -       forwarded to a backend
tx             1  33.3%  ECHO    an echo request to a VIP was answered
pass           1  33.3%  NOT_IP  neither IPv4 nor IPv6, or too short to have a destination

SERVICE  BACKEND  PACKETS   SHARE
shop     web/be1        1  100.0%
)");
}

TEST_P(FateTest, AnEmptyCaptureIsNoFailure) {
  const Outcome outcome = simulate(std::vector<Bytes>{}, "-o json --out sent.pcap" + kHost);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(capture_in(read("sent.pcap")).frames, IsEmpty());
  EXPECT_THAT(simulate(std::vector<Bytes>{}, kHost).out, HasSubstr("INDEX"));
}

}  // namespace
}  // namespace sluice::test
