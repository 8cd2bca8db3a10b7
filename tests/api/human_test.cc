// SPDX-License-Identifier: Apache-2.0
// Numbers keep three digits and carry into the next unit.
#include "cli/human.h"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

TEST(Human, CountsAreExactUntilTheyAreLong) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(99'999), "99999");
  EXPECT_EQ(human_count(100'000), "100k");
  EXPECT_EQ(human_count(999'499), "999k");
  EXPECT_EQ(human_count(999'500), "1.00M");
  EXPECT_EQ(human_count(12'345'678), "12.3M");
  EXPECT_EQ(human_count(9'996'000), "10.0M");
  EXPECT_EQ(human_count(UINT64_MAX), "18.4E");
}

TEST(Human, BytesAreBinary) {
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1024), "1.00 KiB");
  EXPECT_EQ(human_bytes((1u << 20) - 1), "1.00 MiB");
  EXPECT_EQ(human_bytes(UINT64_MAX), "16.0 EiB");
}

TEST(Human, SharesArePercent) {
  EXPECT_EQ(human_share(1.0 / 3), "33.3%");
}

}  // namespace
}  // namespace sluice::cli
