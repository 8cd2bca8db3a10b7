// SPDX-License-Identifier: Apache-2.0
// The reduced program of mode: offload, run on the host: what it forwards, what it leaves out, and
// its tables while they change.
#include "packet/device.h"

#include <gmock/gmock.h>
#include <linux/bpf.h>
#include <netinet/in.h>

#include <atomic>
#include <map>
#include <thread>

#include "kernel/publish.h"

namespace sluice::test {
namespace {

using testing::HasSubstr;

Ipv4 to_vip4() {
  return {.source = kClient4, .destination = kVip4};
}
Ipv6 to_vip6() {
  return {.source = kClient6, .destination = kVip6};
}

template <size_t N>
uint64_t sum(const std::array<uint64_t, N>& counters) {
  uint64_t n = 0;
  for (uint64_t c : counters) n += c;
  return n;
}

TEST(Device, BackendGetsThisPacket) {
  OnDevice device(one_backend(false));
  ASSERT_TRUE(device.ok());
  for (const Bytes& in : {tcp4(), tcp6()}) {
    const uint8_t protocol = in == tcp4() ? IPPROTO_IPIP : IPPROTO_IPV6;
    const Bytes expected = PacketBuilder()
                               .ethernet(kRouterMac, kOurMac)
                               .ipv4({.source = kSource4,
                                      .destination = "203.0.113.11",
                                      .id = 0,
                                      .fragment = 0x4000,
                                      .protocol = protocol})
                               .payload(from(in, 14))
                               .build();
    const Outcome run = device.run(in);
    EXPECT_EQ(run.action, XDP_TX);
    EXPECT_EQ(run.packet, expected) << scapy(run.packet);
  }
}

TEST(Device, CountsEveryPacketOnce) {
  OnDevice device(one_backend(false));
  ASSERT_TRUE(device.ok());
  device.run(tcp4());
  device.run(tcp6());
  device.run(frame4({.source = kClient4, .destination = "192.0.2.99"}).tcp({9, 80}).build());
  device.run(frame4(to_vip4()).tcp({9, 81}).build());
  Ipv4 dead = to_vip4();
  dead.ttl = 0;
  device.run(tcp4(dead));
  const Counters c = device.counters();
  EXPECT_EQ(c.passes[SLUICE_PASS_NOT_VIP], 1u);
  EXPECT_EQ(c.passes[SLUICE_PASS_NO_SERVICE], 1u);
  EXPECT_EQ(c.drops[SLUICE_DROP_TTL], 1u);
  EXPECT_EQ(sum(c.passes) + sum(c.drops) + sum(c.replies), 3u);
  sluice_counter total = {};
  for (const sluice_counter& m : c.members) {
    total.packets += m.packets;
    total.bytes += m.bytes;
  }
  EXPECT_EQ(total.packets, 2u);
  EXPECT_EQ(total.bytes, tcp4().size() + tcp6().size() - 2 * 14);
}

struct LeftOut {
  std::string name;
  Bytes in;
  uint32_t action;
  std::optional<sluice_drop_reason> drop;
  std::optional<sluice_pass_reason> pass;
};

Bytes fragment4(uint16_t bits) {
  Ipv4 ip = to_vip4();
  ip.fragment = bits;
  return frame4(ip).tcp({31337, 80}).payload(4).build();
}

// A hop-by-hop header of padding in front of the TCP header.
Bytes extended6() {
  Ipv6 ip = to_vip6();
  ip.next_header = IPPROTO_HOPOPTS;
  Bytes rest = {IPPROTO_TCP, 0, 1, 4, 0, 0, 0, 0};
  return frame6(ip).payload(join(rest, from(tcp6(), 14 + 40))).build();
}

Bytes icmp4(uint8_t type) {
  Ipv4 ip = to_vip4();
  ip.protocol = IPPROTO_ICMP;
  return frame4(ip).payload(Bytes{type, 0, 0, 0, 0, 1, 0, 1}).build();
}

std::vector<LeftOut> left_out() {
  return {
      {"FirstFragment", fragment4(0x2000), XDP_DROP, SLUICE_DROP_FRAGMENT, {}},
      {"LaterFragment", fragment4(0x0010), XDP_DROP, SLUICE_DROP_FRAGMENT, {}},
      {"Ipv6Extensions", extended6(), XDP_DROP, SLUICE_DROP_IPV6_CHAIN, {}},
      {"EchoRequest", icmp4(8), XDP_PASS, {}, SLUICE_PASS_ICMP},
      {"TooBig",
       frame4(to_vip4()).udp({9, 443}).payload(1600).build(),
       XDP_DROP,
       SLUICE_DROP_TOO_BIG,
       {}},
  };
}

TEST(Device, WhatItLeavesOutIsDroppedOrPassedForAReason) {
  for (const LeftOut& row : left_out()) {
    OnDevice device(one_backend(false));
    ASSERT_TRUE(device.ok());
    const Outcome run = device.run(row.in);
    EXPECT_EQ(run.action, row.action) << row.name;
    if (row.action == XDP_PASS) {
      EXPECT_EQ(run.packet, row.in) << row.name;
    }
    const Counters c = device.counters();
    if (row.drop) {
      EXPECT_EQ(c.drops[*row.drop], 1u) << row.name;
    }
    if (row.pass) {
      EXPECT_EQ(c.passes[*row.pass], 1u) << row.name;
    }
    EXPECT_EQ(sum(c.drops) + sum(c.passes), 1u) << row.name;
  }
}

TEST(Device, NobodyIsAnsweredForAServiceWhosePolicyIsToReset) {
  Scenario s = one_backend(false);
  s.config.pools["pool"].backends.clear();
  s.config.services[0].empty = EmptyPolicy::kReset;
  OnDevice device(s);
  ASSERT_TRUE(device.ok());
  for (const Bytes& in : {tcp4(), tcp6(), frame4(to_vip4()).udp({9, 443}).build()})
    EXPECT_EQ(device.run(in).action, XDP_DROP);
  const Counters c = device.counters();
  EXPECT_EQ(c.drops[SLUICE_DROP_NO_MEMBER], 3u);
  EXPECT_EQ(sum(c.drops) + sum(c.passes) + sum(c.replies), 3u);
}

std::map<std::string, int> answers(const OnDevice& device, int flows) {
  std::map<std::string, int> hits;
  for (int i = 0; i < flows; i++) {
    const Bytes in = frame4(to_vip4()).tcp({uint16_t(1000 + i), 80}).build();
    const Outcome run = device.run(in);
    hits[run.action == XDP_TX ? outer_destination4(run.packet) : "nobody"]++;
  }
  return hits;
}

Scenario only(const std::string& backend) {
  Scenario s = one_backend(false);
  s.config.pools["pool"].backends.clear();
  add_backend(s, backend, 100);
  return s;
}

TEST(DevicePublish, AReplacedBackendGetsNothingMore) {
  Scenario s = one_backend(false);
  add_backend(s, "203.0.113.12", 100);
  OnDevice device(s);
  ASSERT_TRUE(device.ok());
  EXPECT_EQ(answers(device, 200).size(), 2u);
  s = one_backend(false);
  add_backend(s, "203.0.113.13", 100);
  device.publish(s);
  const auto after = answers(device, 200);
  EXPECT_FALSE(after.contains("203.0.113.12"));
  EXPECT_GT(after.at("203.0.113.11"), 60);
  EXPECT_GT(after.at("203.0.113.13"), 60);
  EXPECT_EQ(device.live().generation, 2u);
}

// Each of the two generations in the device is written over again and again.
TEST(DevicePublish, ChangesThatTakeTurnsLeaveNothingBehind) {
  OnDevice device(only("203.0.113.20"));
  ASSERT_TRUE(device.ok());
  for (int i = 21; i < 27; i++) {
    const std::string backend = "203.0.113." + std::to_string(i);
    device.publish(only(backend));
    EXPECT_EQ(answers(device, 20), (std::map<std::string, int>{{backend, 20}}));
    for (const auto& [key, m] : device.live().members)
      if (key.family == InnerFamily::kV4) {
        EXPECT_EQ(device.counters().members[m.index].packets, 20u) << "starts at zero";
      }
  }
}

TEST(DevicePublish, ARemovedVipIsNobodysAnyMore) {
  Scenario s = one_backend(false);
  OnDevice device(s);
  ASSERT_TRUE(device.ok());
  s.config.services[0].vips = {*IpPrefix::parse(kVip6)};
  device.publish(s);
  EXPECT_EQ(device.run(tcp4()).action, XDP_PASS);
  EXPECT_EQ(device.run(tcp6()).action, XDP_TX);
}

TEST(DevicePublish, AMovedNextHopChangesTheMacAndNothingElse) {
  Scenario s = one_backend(false);
  OnDevice device(s);
  ASSERT_TRUE(device.ok());
  Bytes expected = device.run(tcp4()).packet;
  for (auto& [address, hop] : s.next_hops)
    hop.destination = *MacAddress::parse("02:00:00:00:0a:0b");
  device.publish(s);
  const Bytes mac = {2, 0, 0, 0, 0x0a, 0x0b};
  std::copy(mac.begin(), mac.end(), expected.begin());
  EXPECT_EQ(device.run(tcp4()).packet, expected);
  EXPECT_EQ(device.live().generation, 1u) << "no new generation for a MAC";
}

TEST(DevicePublish, APacketSeesOneGenerationWhole) {
  const std::string a = "203.0.113.31", b = "203.0.113.32";
  OnDevice device(only(a));
  ASSERT_TRUE(device.ok());
  std::atomic<bool> done = false;
  std::map<std::string, int> seen;
  std::thread packets([&] {
    while (!done)
      for (const auto& [backend, n] : answers(device, 50)) seen[backend] += n;
  });
  for (int i = 0; i < 20; i++) device.publish(only(i % 2 ? a : b));
  done = true;
  packets.join();
  EXPECT_GT(seen[a], 0);
  EXPECT_GT(seen[b], 0);
  EXPECT_EQ(seen.size(), 2u) << "dropped, passed or sent to " << seen.rbegin()->first;
}

TEST(DevicePublish, AFailedChangeLeavesTheOldStateServing) {
  OnDevice device(only("203.0.113.41"));
  ASSERT_TRUE(device.ok());
  Scenario s = only("203.0.113.42");
  s.config.services[0].vips.push_back(*IpPrefix::parse("198.51.100.0/24"));
  RingCache rings;
  auto plan = make_plan(device.live(), compile(desire(s.config, s.next_hops), rings),
                        device.dataplane().capacity());
  ASSERT_TRUE(plan);
  const Result<void> r = publish(*plan, device.dataplane());
  ASSERT_FALSE(r);
  EXPECT_THAT(r.error().message, HasSubstr("prefixes"));
  EXPECT_EQ(answers(device, 50), (std::map<std::string, int>{{"203.0.113.41", 50}}));
  device.publish(only("203.0.113.42"));
  EXPECT_EQ(answers(device, 50), (std::map<std::string, int>{{"203.0.113.42", 50}}));
}

}  // namespace
}  // namespace sluice::test
