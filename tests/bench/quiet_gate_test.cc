// SPDX-License-Identifier: Apache-2.0
#include "program/quiet_gate.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::bench {
namespace {

// Calibrator readings and samples that come from lists.
struct QuietGateTest : ::testing::Test {
  std::vector<double> readings;  // the last one is repeated
  size_t next = 0;
  int samples = 0;
  QuietGate gate{
      [this]() -> Result<double> { return readings[std::min(next++, readings.size() - 1)]; }, 3};

  Result<QuietGate::Passed<int>> measure() {
    return gate.measure<int>([this]() -> Result<int> { return ++samples; });
  }
};

TEST_F(QuietGateTest, LetsASampleThroughWhereNothingDisturbs) {
  readings = {100, 104.9};
  const auto passed = measure();
  ASSERT_TRUE(passed);
  EXPECT_FALSE(passed->noisy);
  EXPECT_EQ(passed->sample, 1);
}

TEST_F(QuietGateTest, TakesASampleAgainThatWasDisturbedBeforeOrAfter) {
  readings = {100, 106, 106, 100, 100, 100};  // after the first, before the second
  const auto passed = measure();
  ASSERT_TRUE(passed);
  EXPECT_FALSE(passed->noisy);
  EXPECT_EQ(passed->sample, 3);
}

TEST_F(QuietGateTest, TakesASampleAgainThatIsNotWholeAndCallsItNotNoisy) {
  readings = {100};
  const auto take = [this]() -> Result<int> { return ++samples; };
  const auto second = gate.measure<int>(take, [](const int& n) { return n == 2; });
  ASSERT_TRUE(second);
  EXPECT_EQ(second->sample, 2);
  const auto never = gate.measure<int>(take, [](const int&) { return false; });
  ASSERT_TRUE(never);
  EXPECT_EQ(never->sample, 2 + 3);  // the last of three attempts
  EXPECT_EQ(never->attempts, 3);
  EXPECT_FALSE(never->noisy);
}

TEST_F(QuietGateTest, JudgesByTheBestReadingOfAll) {
  readings = {100, 100, 100, 90, 90};
  ASSERT_TRUE(measure());
  const auto passed = measure();  // between 100, which was good enough until then, and 90
  ASSERT_TRUE(passed);
  EXPECT_FALSE(passed->noisy);
  EXPECT_EQ(passed->sample, 3);
}

TEST_F(QuietGateTest, KnowsTheBestReadingBeforeTheFirstSampleOnceSettled) {
  readings = {120, 100, 110, 110, 110, 110, 100};
  ASSERT_TRUE(gate.settle(2));
  const auto passed = measure();
  ASSERT_TRUE(passed);
  EXPECT_EQ(passed->sample, 3);
}

TEST_F(QuietGateTest, GivesUpAfterAllAttemptsAndSaysSo) {
  readings = {100, 200};
  const auto passed = measure();
  ASSERT_TRUE(passed);
  EXPECT_TRUE(passed->noisy);
  EXPECT_EQ(samples, 3);
}

TEST_F(QuietGateTest, PassesAnErrorOn) {
  readings = {100};
  const auto passed = gate.measure<int>([]() -> Result<int> { return Error{"broken"}; });
  ASSERT_FALSE(passed);
  EXPECT_EQ(passed.error().message, "broken");
}

}  // namespace
}  // namespace sluice::bench
