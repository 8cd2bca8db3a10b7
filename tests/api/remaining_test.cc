// SPDX-License-Identifier: Apache-2.0
// When a machine can be switched off, and what is said while it cannot.
#include "cli/remaining.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

using api::PoolBackend;
using api::Remaining;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr seconds kQuiet(30);

PoolBackend drained(const Remaining& remaining) {
  return {.pool = "web",
          .backend = "be1",
          .state = "drained",
          .weight = 0,
          .weight_configured = 100,
          .overrides = {{.of = "web/be1", .what = "drain"}},
          .remaining = remaining};
}

Judgement judge_drain(const Remaining& remaining) {
  return judge({drained(remaining)}, Goal::kNothingLeft, kQuiet);
}

TEST(Remaining, NothingIsLeftWhenNoFlowIsAndNoSlotNamesIt) {
  EXPECT_EQ(judge_drain({.known = true, .quiet = 0}).kind, Judgement::kReached);
  EXPECT_EQ(judge_drain({.known = true, .flows = 1, .quiet = 99}).kind, Judgement::kNotYet);
}

TEST(Remaining, FlowsThatCannotBeCountedAreWaitedForUntilItIsQuiet) {
  EXPECT_EQ(judge_drain({.known = true, .slots = 1, .quiet = 29.9}).kind, Judgement::kNotYet);
  EXPECT_EQ(judge_drain({.known = true, .slots = 1, .quiet = 30}).kind, Judgement::kReached);
}

// A FIN of the client's is no end: the other half may go on for long.
TEST(Remaining, AFlowThatIsClosingCountsWhileItTalks) {
  EXPECT_EQ(judge_drain({.known = true, .closing = 1, .quiet = 1}).kind, Judgement::kNotYet);
  EXPECT_EQ(judge_drain({.known = true, .closing = 1, .quiet = 30}).kind, Judgement::kReached);
}

TEST(Remaining, NothingIsBelievedBeforeItIsInForceOrKnown) {
  PoolBackend b = drained({.known = true});
  b.weight = 100;
  EXPECT_THAT(judge({b}, Goal::kNothingLeft, kQuiet).why, HasSubstr("gets new flows yet"));
  EXPECT_EQ(judge({b}, Goal::kNothingLeft, kQuiet).kind, Judgement::kNotYet);
  EXPECT_EQ(judge_drain({.known = false}).kind, Judgement::kNotYet);
  EXPECT_THAT(judge_drain({.known = false}).why, HasSubstr("does not know yet"));
}

TEST(Remaining, AnOverrideThatIsUndoneEndsTheWait) {
  PoolBackend b = drained({.known = true});
  b.overrides.clear();
  b.state = "up";
  for (const Goal goal : {Goal::kNothingLeft, Goal::kGetsFlows}) {
    const Judgement judgement = judge({b}, goal, kQuiet);
    EXPECT_EQ(judgement.kind, Judgement::kNever);
    EXPECT_THAT(judgement.why, HasSubstr("web/be1 is up: "));
  }
}

TEST(Remaining, OfSeveralTheLastOneDecides) {
  const PoolBackend done = drained({.known = true});
  const PoolBackend busy = drained({.known = true, .flows = 1});
  EXPECT_EQ(judge({done, done}, Goal::kNothingLeft, kQuiet).kind, Judgement::kReached);
  EXPECT_EQ(judge({done, busy}, Goal::kNothingLeft, kQuiet).kind, Judgement::kNotYet);
  EXPECT_EQ(judge({busy, done}, Goal::kNothingLeft, kQuiet).kind, Judgement::kNotYet);
  PoolBackend undone = done;
  undone.overrides.clear();
  EXPECT_EQ(judge({busy, undone}, Goal::kNothingLeft, kQuiet).kind, Judgement::kNever);
}

TEST(Remaining, ReadyIsReachedWithWeight) {
  PoolBackend b = drained({});
  EXPECT_EQ(judge({b}, Goal::kGetsFlows, kQuiet).kind, Judgement::kNotYet);
  b.weight = 1;
  EXPECT_EQ(judge({b}, Goal::kGetsFlows, kQuiet).kind, Judgement::kReached);
  b.weight = b.weight_configured = 0;
  EXPECT_EQ(judge({b}, Goal::kGetsFlows, kQuiet).kind, Judgement::kNever);
}

TEST(Remaining, SumsAreOfTheWorst) {
  const Remaining sum = sum_of(
      {drained({true, 1, 2, 3, 40, 5, 6.5, 70}), drained({true, 10, 20, 30, 4, 50, 0.5, 7})});
  EXPECT_EQ(sum, (Remaining{true, 11, 22, 33, 40, 55, 7, 7}));
  EXPECT_FALSE(sum_of({drained({.known = true}), drained({})}).known);
  EXPECT_FALSE(sum_of({}).known);
}

TEST(Remaining, IsSaidInWords) {
  EXPECT_EQ(remaining_text({.known = true, .flows = 12, .closing = 3, .packets_per_second = 42.4}),
            "12 flows, 3 closing, 42 packets/s");
  EXPECT_EQ(remaining_text({.known = true, .flows = 1, .packets_per_second = 0.5}),
            "1 flow, 0.5 packets/s");
  EXPECT_EQ(remaining_text({.known = true, .quiet = 31.2}), "0 flows, no packet for 31s");
  EXPECT_EQ(remaining_text({}), "not known");
  EXPECT_EQ(unseen_text({.known = true, .slots = 1, .window_ends_in = 800}),
            "1 slot may yet have flows that have been silent and are in no table, for 13m20s");
  EXPECT_EQ(unseen_text({.known = true}), "");
}

}  // namespace
}  // namespace sluice::cli
