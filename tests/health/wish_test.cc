// SPDX-License-Identifier: Apache-2.0
// What backends ask for of their weight.
#include "health/wish.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "health/subjects.h"

namespace sluice::health::test {
namespace {

// The values in force, each once in a row, of a backend that says `say(n)` each second.
template <class Say>
std::vector<uint32_t> in_force(int times, Say say) {
  Wish wish;
  std::vector<uint32_t> values = {wish.percent};
  for (int n = 0; n < times; n++) {
    const bool changed = hear_wish(wish, say(n), kStart + seconds(n));
    EXPECT_EQ(changed, wish.percent != values.back());
    if (changed) values.push_back(wish.percent);
  }
  return values;
}

TEST(Wish, ThatIsNoneIsAllOfTheWeight) {
  EXPECT_EQ(in_force(100, [](int) { return std::nullopt; }), (std::vector<uint32_t>{100}));
  EXPECT_EQ(in_force(100, [](int) { return 1.0; }), (std::vector<uint32_t>{100}));
}

TEST(Wish, IsMetInStepsThatMoveFewFlows) {
  EXPECT_EQ(in_force(100, [](int) { return 0.25; }), (std::vector<uint32_t>{100, 80, 40, 25}));
  EXPECT_EQ(in_force(100, [](int) { return 4.0; }), (std::vector<uint32_t>{100, 190, 380}))
      << "400 is too near to 380";
}

TEST(Wish, OfNothingKeepsALittle) {
  EXPECT_EQ(in_force(200, [](int) { return 0.0; }).back(), 5u);
  EXPECT_EQ(in_force(200, [](int) { return -1e300; }).back(), 5u);
  EXPECT_EQ(in_force(200, [](int) { return 1e300; }).back(), 1000u);
}

TEST(Wish, ThatIsNoNumberIsNone) {
  EXPECT_EQ(in_force(100, [](int) { return std::numeric_limits<double>::quiet_NaN(); }).size(), 1u);
  EXPECT_EQ(in_force(100, [](int) { return std::numeric_limits<double>::infinity(); }).size(), 1u);
}

TEST(Wish, ChangesAtMostEach10Seconds) {
  const std::vector<uint32_t> values = in_force(600, [](int n) { return n / 10 % 2 ? 0.1 : 5.0; });
  EXPECT_GT(values.size(), 10u);
  EXPECT_LE(values.size(), 61u);
}

TEST(Wish, NoiseChangesNothing) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> noise(0.9, 1.1);
  EXPECT_EQ(in_force(3600, [&](int) { return noise(random); }).size(), 1u);
}

TEST(Wish, TheEndOfAWishIsAllOfTheWeightAgain) {
  EXPECT_EQ(in_force(200, [](int n) { return n < 100 ? std::optional(0.5) : std::nullopt; }).back(),
            100u);
}

}  // namespace
}  // namespace sluice::health::test
