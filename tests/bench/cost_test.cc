// SPDX-License-Identifier: Apache-2.0
// What stands for the samples of a comparison.
#include "compare/cost.h"

#include <gmock/gmock.h>

namespace sluice::bench {
namespace {

using testing::DoubleEq;
using testing::Optional;

CostSample sample(double ns) {
  return {.per_packet = {.ns = ns}, .sent = 100, .delivered = 100};
}

Measured row(const std::string& name, const std::vector<double>& ns) {
  Measured m = {.name = name};
  for (const double each : ns) m.samples.push_back(sample(each));
  return m;
}

TEST(Cost, IsNetOfTheFloorOfTheSameRound) {
  // The machine was slower in the second round, for both of them.
  const Measured floor = row("floor", {100, 200, 110}), sluice = row("sluice", {150, 250, 160});
  const CostFigures f = figures_of(sluice, floor);
  EXPECT_DOUBLE_EQ(f.ns, 160);
  EXPECT_DOUBLE_EQ(f.net_ns, 50);
  EXPECT_DOUBLE_EQ(f.net_spread, 0);
  EXPECT_GT(f.ns_spread, 0);
}

TEST(Cost, WithoutAFloorIsAllOfIt) {
  EXPECT_DOUBLE_EQ(figures_of(row("sluice", {150}), {}).net_ns, 150);
}

TEST(Cost, RatiosAreOfTheSameRound) {
  const Measured forwarding = row("forwarding", {300, 600, 330});
  EXPECT_THAT(ratio(row("sluice", {150, 300, 165}), forwarding), Optional(DoubleEq(0.5)));
  EXPECT_EQ(ratio(row("sluice", {150}), Measured{.name = "ipvs", .absent = "no"}), std::nullopt);
  EXPECT_EQ(ratio(row("ipvs", {}), forwarding), std::nullopt);
}

TEST(Cost, CountsWhatWasLostAstrayAndNoisy) {
  Measured m = row("sluice", {1, 2, 3});
  m.samples[1].delivered = 93;
  m.samples[1].astray = 4;
  m.samples[2].noisy = true;
  m.samples[2].attempts = 3;
  m.samples[2].lost_before = 50;
  const CostFigures f = figures_of(m, {});
  EXPECT_EQ(f.sent, 300u);
  EXPECT_EQ(f.lost, 7u);
  EXPECT_EQ(f.astray, 4u);
  EXPECT_EQ(f.lossy, 1u);
  EXPECT_EQ(f.noisy, 1u);
  EXPECT_EQ(f.retaken, 2u);
  EXPECT_EQ(f.lost_before, 50u);
}

TEST(Cost, FindsByName) {
  const std::vector<Measured> all = {row("a", {1}), row("b", {2})};
  EXPECT_EQ(find(all, "b"), &all[1]);
  EXPECT_EQ(find(all, "c"), nullptr);
}

}  // namespace
}  // namespace sluice::bench
