// SPDX-License-Identifier: Apache-2.0
// Which flows there are, and whose turn it is.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "loadgen/flow_set.h"
#include "loadgen/stamp.h"
#include "loadgen/turns.h"

namespace sluice::loadgen {
namespace {

Traffic traffic(uint64_t flows) {
  Traffic t = {.vips = {{*IpAddress::parse("192.0.2.10"), 443},
                        {*IpAddress::parse("2001:db8::10"), 443},
                        {*IpAddress::parse("192.0.2.11"), 80}},
               .sources_v4 = *IpPrefix::parse("198.51.100.0/24"),
               .sources_v6 = *IpPrefix::parse("2001:db8:c::/64"),
               .flows = flows};
  t.mix[size_t(Kind::kEstablished)] = 3;
  t.mix[size_t(Kind::kUdp)] = 1;
  return t;
}

TEST(FlowSet, NoTwoFlowsAreTheSame) {
  const FlowSet flows(traffic(1));
  std::set<std::tuple<uint32_t, IpAddress, uint16_t>> seen;
  constexpr uint32_t kFlows = 200'000;
  for (uint32_t number = 0; number < kFlows; number++) {
    const Flow f = flows.flow(number);
    EXPECT_GE(f.port, 1024);
    seen.insert({f.vip, flows.client(f), f.port});
  }
  EXPECT_EQ(seen.size(), kFlows);
  EXPECT_EQ(flows.room(), 3u * 256 * 64512);
}

TEST(FlowSet, ClientsAreOfTheirNetwork) {
  const Traffic t = traffic(1);
  const FlowSet flows(t);
  for (uint32_t number = 0; number < 3000; number++)
    for (const Flow& f : {flows.flow(number), flows.flood(number)}) {
      const IpPrefix& network = t.vips[f.vip].address.is_v4() ? t.sources_v4 : t.sources_v6;
      EXPECT_TRUE(network.contains(flows.client(f)));
    }
}

TEST(FlowSet, HasClassesByTheirWeights) {
  const FlowSet flows(traffic(1));
  std::map<FlowClass, int> seen;
  for (uint32_t number = 0; number < 40'000; number++) seen[flows.flow(number).flow_class]++;
  EXPECT_NEAR(seen[FlowClass::kTcp], 30'000, 600);
  EXPECT_NEAR(seen[FlowClass::kUdp], 10'000, 600);
  EXPECT_EQ(seen.size(), 2u);
}

TEST(FlowSet, IsTheSameForTheSameSeedOnly) {
  Traffic t = traffic(1);
  const FlowSet one(t), again(t);
  t.seed = 2;
  const FlowSet other(t);
  int same = 0;
  for (uint32_t number = 0; number < 1000; number++) {
    EXPECT_EQ(one.flow(number), again.flow(number));
    same += one.flow(number) == other.flow(number);
  }
  EXPECT_LT(same, 500);
}

TEST(Turns, EveryFlowOnceBeforeAnyComesAgain) {
  for (const uint64_t flows : {1, 2, 6, 1000, 1024, 99'999}) {
    Turns turns(traffic(flows));
    for (int round = 0; round < 2; round++) {
      std::set<uint32_t> seen;
      for (uint64_t i = 0; i < flows; i++) seen.insert(turns.next(0));
      EXPECT_EQ(seen.size(), flows);
      EXPECT_EQ(*seen.rbegin(), flows - 1);
    }
  }
}

TEST(Turns, ANewFlowTakesTheOldestOnesPlace) {
  constexpr uint64_t kFlows = 10;
  Turns turns(traffic(kFlows));
  for (const uint64_t begun : {3, 10, 25}) {
    std::set<uint32_t> alive;
    for (uint64_t i = 0; i < kFlows; i++) alive.insert(turns.next(begun));
    EXPECT_EQ(*alive.begin(), begun);
    EXPECT_EQ(*alive.rbegin(), begun + kFlows - 1);
    EXPECT_EQ(alive.size(), kFlows);
  }
}

TEST(Turns, TheFloodHasItsShare) {
  Traffic t = traffic(10);
  t.flood = 0.25;
  Turns turns(t);
  int flood = 0;
  for (int i = 0; i < 1000; i++) flood += turns.next(0) == kFlood;
  EXPECT_EQ(flood, 250);
}

TEST(Turns, ZipfIsAsOftenAsItsLawSays) {
  constexpr uint64_t kFlows = 1000;
  constexpr int kTurns = 400'000;
  for (const double exponent : {0.7, 1.0, 1.3}) {
    Traffic t = traffic(kFlows);
    t.zipf = exponent;
    Turns turns(t);
    std::vector<int> seen(kFlows);
    for (int i = 0; i < kTurns; i++) seen.at(turns.next(0))++;
    double all = 0;
    for (uint64_t rank = 1; rank <= kFlows; rank++) all += std::pow(rank, -exponent);
    for (const uint64_t rank : {1, 2, 3, 10, 100}) {
      const double expected = kTurns * std::pow(rank, -exponent) / all;
      EXPECT_NEAR(seen[rank - 1], expected, 5 * std::sqrt(expected)) << rank << " of " << exponent;
    }
  }
}

}  // namespace
}  // namespace sluice::loadgen
