// SPDX-License-Identifier: Apache-2.0
#include "program/statistics.h"

#include <gtest/gtest.h>

namespace sluice::bench {
namespace {

TEST(Statistics, TakesTheMiddleWhateverTheOrder) {
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({7}), 7);
}

TEST(Statistics, SpreadIsThatOfTheMiddleHalf) {
  EXPECT_EQ(spread({1000, 3, 2, 1, 4}), 2);
  EXPECT_EQ(spread({7}), 0);
  EXPECT_EQ(spread({1, 2}), 0.5);
}

}  // namespace
}  // namespace sluice::bench
