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

TEST(Human, DurationsHaveTwoUnitsAtMost) {
  EXPECT_EQ(human_duration(0), "0.0s");
  EXPECT_EQ(human_duration(9.94), "9.9s");
  EXPECT_EQ(human_duration(9.95), "10s");
  EXPECT_EQ(human_duration(59.4), "59s");
  EXPECT_EQ(human_duration(59.5), "1m00s");
  EXPECT_EQ(human_duration(725), "12m05s");
  EXPECT_EQ(human_duration(3599.7), "1h00m");
  EXPECT_EQ(human_duration(7380), "2h03m");
  EXPECT_EQ(human_duration(86'400 * 3 + 4 * 3600 + 59), "3d04h");
}

}  // namespace
}  // namespace sluice::cli
