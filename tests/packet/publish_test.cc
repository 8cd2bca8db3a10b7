// SPDX-License-Identifier: Apache-2.0
// Changes of a published data plane, as packets see them.
#include "kernel/publish.h"

#include <linux/bpf.h>
#include <netinet/in.h>

#include <map>

#include "packet/fixture.h"

namespace sluice::test {
namespace {

std::map<std::string, int> answers(Loaded& loaded, int flows) {
  std::map<std::string, int> hits;
  for (int i = 0; i < flows; i++) {
    const Bytes in =
        frame4({.source = kClient4, .destination = kVip4}).tcp({uint16_t(1000 + i), 80}).build();
    const Outcome run = loaded.run(in);
    hits[run.action == XDP_TX ? outer_destination4(run.packet) : "nobody"]++;
  }
  return hits;
}

Scenario two_backends() {
  Scenario s = one_backend(false);
  add_backend(s, "203.0.113.12", 100);
  return s;
}

TEST(Publish, AReplacedBackendGetsNothingMore) {
  Loaded loaded(two_backends());
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(answers(loaded, 200).size(), 2u);
  Scenario s = one_backend(false);
  add_backend(s, "203.0.113.13", 100);
  loaded.publish(s);
  const auto after = answers(loaded, 200);
  EXPECT_FALSE(after.contains("203.0.113.12"));
  EXPECT_GT(after.at("203.0.113.11"), 60);
  EXPECT_GT(after.at("203.0.113.13"), 60);
  EXPECT_EQ(loaded.live().generation, 2u);
}

TEST(Publish, AMovedNextHopChangesTheMacAndNothingElse) {
  Scenario s = two_backends();
  Loaded loaded(s);
  ASSERT_TRUE(loaded.ok());
  const Bytes before = loaded.run(tcp4()).packet;
  for (auto& [address, hop] : s.next_hops)
    hop.destination = *MacAddress::parse("02:00:00:00:0a:0b");
  loaded.publish(s);
  Bytes expected = before;
  const Bytes mac = {2, 0, 0, 0, 0x0a, 0x0b};
  std::copy(mac.begin(), mac.end(), expected.begin());
  EXPECT_EQ(loaded.run(tcp4()).packet, expected);
  EXPECT_EQ(loaded.live().generation, 1u) << "no new generation for a MAC";
}

TEST(Publish, CountersOfAStayingMemberGoOn) {
  Scenario s = one_backend(false);
  Loaded loaded(s);
  ASSERT_TRUE(loaded.ok());
  loaded.run(tcp4());
  s.config.services.push_back({.name = "other",
                               .vips = {*IpPrefix::parse("192.0.2.11")},
                               .ports = {PortRange::one(80, IPPROTO_TCP)},
                               .pool = "pool"});
  loaded.publish(s);
  loaded.run(tcp4());
  uint64_t packets = 0;
  for (const auto& [key, m] : loaded.live().members)
    if (key.service == "web") packets += loaded.counters().members[m.index].packets;
  EXPECT_EQ(packets, 2u);
}

TEST(Publish, AReusedMemberIndexStartsAtZero) {
  Scenario s = one_backend(false);
  Loaded loaded(s);
  ASSERT_TRUE(loaded.ok());
  loaded.run(tcp4());
  for (int i = 12; i < 15; i++) {
    s.config.pools["pool"].backends.clear();
    add_backend(s, "203.0.113." + std::to_string(i), 100);
    loaded.publish(s);
    for (const auto& [key, m] : loaded.live().members)
      EXPECT_EQ(loaded.counters().members[m.index].packets, 0u);
    loaded.run(tcp4());
  }
}

// 300 services on 600 VIP addresses: every one is found, a neighbour address is not.
TEST(Publish, FindsEveryVipAmongMany) {
  Scenario s = one_backend(false);
  s.config.services.clear();
  for (int i = 0; i < 300; i++) {
    const std::string v4 = "192.0." + std::to_string(2 + i / 250) + "." + std::to_string(i % 250);
    const std::string v6 = "2001:db8::" + std::to_string(i + 1);
    s.config.services.push_back({.name = "s" + std::to_string(i),
                                 .vips = {*IpPrefix::parse(v4), *IpPrefix::parse(v6)},
                                 .ports = {PortRange::one(uint16_t(i + 1), IPPROTO_TCP)},
                                 .pool = "pool"});
  }
  Loaded loaded(s);
  ASSERT_TRUE(loaded.ok());
  for (size_t i = 0; i < s.config.services.size(); i++) {
    const Service& service = s.config.services[i];
    const uint16_t port = service.ports[0].first;
    const std::string v4 = service.vips[0].to_string(), v6 = service.vips[1].to_string();
    const Bytes in4 = frame4({.source = kClient4, .destination = v4}).tcp({9, port}).build();
    const Bytes in6 = frame6({.source = kClient6, .destination = v6}).tcp({9, port}).build();
    const Bytes other =
        frame4({.source = kClient4, .destination = v4}).tcp({9, uint16_t(port + 1)}).build();
    EXPECT_EQ(loaded.run(in4).action, XDP_TX) << v4;
    EXPECT_EQ(loaded.run(in6).action, XDP_TX) << v6;
    EXPECT_EQ(loaded.run(other).action, XDP_PASS) << v4;
  }
}

// A store that fails at one step, in front of the real one.
class FailingStore : public TableStore {
 public:
  FailingStore(TableStore& real, int fail_at) : real_(real), fail_at_(fail_at) {}
  void patch_mac(const PatchMac& p) override { real_.patch_mac(p); }
  void patch_life(const PatchLife& p) override { real_.patch_life(p); }
  Result<void> put_members(std::span<const PutMember> m) override {
    if (Result<void> r = step(); !r) return r;
    return real_.put_members(m);
  }
  Result<void> put_rings(std::span<const PutRing> r) override {
    if (Result<void> s = step(); !s) return s;
    return real_.put_rings(r);
  }
  Result<void> swap_generation(const GenerationBytes& b) override {
    if (Result<void> s = step(); !s) return s;
    return real_.swap_generation(b);
  }
  Result<void> put_prefixes(std::span<const PutPrefixes> p) override {
    if (Result<void> s = step(); !s) return s;
    return real_.put_prefixes(p);
  }
  Result<void> release_rings(std::span<const uint32_t> n,
                             std::span<const uint32_t> spares) override {
    return real_.release_rings(n, spares);
  }
  Result<void> release_prefixes(std::span<const uint32_t> n) override {
    return real_.release_prefixes(n);
  }

 private:
  Result<void> step() {
    if (steps_++ == fail_at_) return Error{"injected"};
    return {};
  }
  TableStore& real_;
  int fail_at_, steps_ = 0;
};

TEST(Publish, AFailureAtAnyStepLeavesTheOldStateServing) {
  for (int fail_at = 0; fail_at < 4; fail_at++) {
    Loaded loaded(two_backends());
    ASSERT_TRUE(loaded.ok());
    const auto before = answers(loaded, 100);
    Scenario s = one_backend(false);
    s.config.pools["pool"].backends.clear();
    add_backend(s, "203.0.113.99", 100);
    RingCache rings;
    auto plan = make_plan(loaded.live(), compile(desire(s.config, s.next_hops), rings),
                          loaded.dataplane().capacity());
    ASSERT_TRUE(plan);
    FailingStore store(loaded.dataplane(), fail_at);
    EXPECT_FALSE(publish(*plan, store)) << "step " << fail_at;
    EXPECT_EQ(answers(loaded, 100), before) << "step " << fail_at;
    loaded.publish(s);
    EXPECT_EQ(answers(loaded, 100), (std::map<std::string, int>{{"203.0.113.99", 100}}));
  }
}

// A change may use up, or leave, rings that were made ready for it; the next one finds its own.
TEST(Publish, AfterAFailureAtAnyStepTheSameTablesTakeTheNextChange) {
  Loaded loaded(two_backends());
  ASSERT_TRUE(loaded.ok());
  for (int round = 0; round < 40; round++) {
    const auto before = answers(loaded, 100);
    Scenario s = one_backend(false);
    s.config.pools["pool"].backends.clear();
    const std::string next = "203.0.113." + std::to_string(20 + round);
    add_backend(s, next, 100);
    RingCache rings;
    const auto plan = make_plan(loaded.live(), compile(desire(s.config, s.next_hops), rings),
                                loaded.dataplane().capacity());
    ASSERT_TRUE(plan);
    FailingStore store(loaded.dataplane(), round % 4);
    EXPECT_FALSE(publish(*plan, store)) << round;
    EXPECT_EQ(answers(loaded, 100), before) << round;
    loaded.publish(s);
    EXPECT_EQ(answers(loaded, 100), (std::map<std::string, int>{{next, 100}})) << round;
  }
}

}  // namespace
}  // namespace sluice::test
