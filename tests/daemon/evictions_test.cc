// SPDX-License-Identifier: Apache-2.0
// Evictions are what is left when all that came is accounted for.
#include "daemon/evictions.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr size_t kAdopted = size_t(FlowTable::kAdopted), kNew = size_t(FlowTable::kNew),
                 kDoorkeeper = size_t(FlowTable::kDoorkeeper);

struct EvictionsTest : ::testing::Test {
  Evictions evictions;
  FlowEvents events = {};
  Sweep sweep;

  void round() {
    evictions.begin(events);
    evictions.end(events, sweep);
  }
};

TEST_F(EvictionsTest, AreNoneWhileEveryFlowIsAccountedFor) {
  events[SLUICE_FLOW_PROMOTED] = 10;
  events[SLUICE_FLOW_FORGOTTEN_ADOPTED] = 2;
  events[SLUICE_FLOW_ADOPTED] = 20;
  events[SLUICE_FLOW_FORGOTTEN_DOORKEEPER] = 10;
  sweep.entries = {99, 5, 4};
  sweep.removed = {99, 3, 6};
  round();
  EXPECT_EQ(evictions.counts(), (std::array<uint64_t, kFlowTables>{0, 0, 0}));
}

TEST_F(EvictionsTest, AreThoseThatAreNot) {
  events[SLUICE_FLOW_PROMOTED] = 1000;
  events[SLUICE_FLOW_FORGOTTEN_ADOPTED] = 2;
  events[SLUICE_FLOW_ADOPTED] = 5000;
  events[SLUICE_FLOW_FORGOTTEN_DOORKEEPER] = 1000;
  sweep.entries = {0, 700, 60};
  sweep.removed = {0, 3, 40};
  round();
  EXPECT_EQ(evictions.counts()[kAdopted], 295u);
  EXPECT_EQ(evictions.counts()[kDoorkeeper], 3900u);
  EXPECT_EQ(evictions.counts()[kNew], 0u) << "flows_new refuses, and evicts nobody";
}

// A round that has passed their buckets does not find them: that is no eviction.
TEST_F(EvictionsTest, AreNotFlowsThatCameDuringTheRound) {
  evictions.begin(events);
  events[SLUICE_FLOW_PROMOTED] = 500;
  evictions.end(events, sweep);
  EXPECT_EQ(evictions.counts()[kAdopted], 0u);
}

TEST_F(EvictionsTest, AreNotFlowsThatWereForgottenDuringTheRound) {
  events[SLUICE_FLOW_PROMOTED] = 500;
  evictions.begin(events);
  events[SLUICE_FLOW_FORGOTTEN_ADOPTED] = 500;
  evictions.end(events, sweep);
  EXPECT_EQ(evictions.counts()[kAdopted], 0u);
}

// Flows may be accounted for twice: found in a table, and again elsewhere.
TEST_F(EvictionsTest, NeverGoBackwardsNorBelowZero) {
  events[SLUICE_FLOW_PROMOTED] = 10;
  sweep.entries[kAdopted] = 12;
  round();
  EXPECT_EQ(evictions.counts()[kAdopted], 0u);
  sweep.entries[kAdopted] = 4;
  round();
  EXPECT_EQ(evictions.counts()[kAdopted], 6u);
  sweep.entries[kAdopted] = 5;
  round();
  EXPECT_EQ(evictions.counts()[kAdopted], 6u);
}

}  // namespace
}  // namespace sluice
