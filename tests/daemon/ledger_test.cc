// SPDX-License-Identifier: Apache-2.0
// What was counted of flows goes on from one data plane to the next.
#include "daemon/ledger.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Ledger, FlowEventsOfADataPlaneThatIsGoneAreAdded) {
  Ledger ledger;
  FlowEvents events = {};
  events[SLUICE_FLOW_RECORDED] = 5;
  EXPECT_EQ(ledger.flow_events(events), events);
  ledger.retire_flow_events(events);
  EXPECT_EQ(ledger.flow_events({}), events) << "while there is none";
  FlowEvents next = {}, sum = {};
  next[SLUICE_FLOW_RECORDED] = 2;
  next[SLUICE_FLOW_LOST] = 1;
  sum[SLUICE_FLOW_RECORDED] = 7;
  sum[SLUICE_FLOW_LOST] = 1;
  EXPECT_EQ(ledger.flow_events(next), sum);
}

}  // namespace
}  // namespace sluice
