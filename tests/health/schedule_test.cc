// SPDX-License-Identifier: Apache-2.0
#include "health/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace sluice::health {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr Time kStart = Time(hours(1000));

std::vector<Rhythm> targets(size_t count, nanoseconds every, uint64_t first = 1) {
  std::vector<Rhythm> out;
  for (size_t i = 0; i < count; i++) out.push_back({.target = first + i, .every = every});
  return out;
}

// All rounds up to `end`, taken when they are due.
std::vector<Round> run(Schedule& schedule, Time end) {
  std::vector<Round> out;
  while (schedule.next() && *schedule.next() <= end) {
    const Time now = *schedule.next();
    const std::optional<Round> round = schedule.take(now);
    EXPECT_TRUE(round);
    EXPECT_EQ(round->due, now);
    EXPECT_GT(round->following, now);
    out.push_back(*round);
  }
  return out;
}

// How many rounds there are in each piece of time, between `begin` and `end`.
std::vector<size_t> per_piece(const std::vector<Round>& rounds, Time begin, Time end,
                              nanoseconds piece) {
  std::vector<size_t> out(size_t((end - begin) / piece), 0);
  for (const Round& r : rounds)
    if (r.due >= begin && r.due < begin + out.size() * piece)
      out[size_t((r.due - begin) / piece)]++;
  return out;
}

TEST(Schedule, TenThousandTargetsAreSpreadEvenlyOverAnHour) {
  Schedule schedule;
  schedule.set(targets(10000, seconds(10)), kStart);
  const std::vector<Round> rounds = run(schedule, kStart + hours(1));
  // 100 are due in 100 ms on the average; of so many that fall by chance it would be 140 in one of
  // 10,000 pieces.
  const std::vector<size_t> pieces =
      per_piece(rounds, kStart + seconds(30), kStart + hours(1), milliseconds(100));
  EXPECT_GT(pieces.size(), 35000u);
  EXPECT_LT(*std::max_element(pieces.begin(), pieces.end()), 150u);
  EXPECT_GT(*std::min_element(pieces.begin(), pieces.end()), 60u);
}

TEST(Schedule, ATargetsRoundsDoNotDriftAndJitterLittle) {
  const nanoseconds every = seconds(1), jitter = jitter_of(every);
  Schedule schedule;
  schedule.set(targets(100, every), kStart);
  std::map<uint64_t, std::vector<Time>> times;
  for (const Round& r : run(schedule, kStart + hours(1))) times[r.target].push_back(r.due);
  ASSERT_EQ(times.size(), 100u);
  EXPECT_LE(jitter, milliseconds(10));
  bool jittered = false;
  for (const auto& [target, due] : times) {
    // The first probe comes out of turn.
    EXPECT_GE(due.size(), 3599u);
    EXPECT_LE(due.size(), 3602u);
    for (size_t i = 2; i < due.size(); i++) {
      const nanoseconds error = due[i] - due[1] - every * int64_t(i - 1);
      EXPECT_LE(std::chrono::abs(error), 2 * jitter);
      jittered |= error != nanoseconds(0);
    }
  }
  EXPECT_TRUE(jittered);
}

TEST(Schedule, ThePeriodMayBeShorterThanTheUsualJitter) {
  Schedule schedule;
  schedule.set(targets(10, milliseconds(20)), kStart);
  EXPECT_NEAR(double(run(schedule, kStart + seconds(10)).size()), 5000, 20);
}

TEST(Schedule, NewTargetsAreFirstProbedWithinASecond) {
  Schedule schedule;
  schedule.set(targets(10000, seconds(60)), kStart);
  const std::vector<Round> rounds = run(schedule, kStart + seconds(1));
  EXPECT_EQ(rounds.size(), 10000u);
  const std::vector<size_t> pieces =
      per_piece(rounds, kStart, kStart + seconds(1), milliseconds(10));
  EXPECT_LT(*std::max_element(pieces.begin(), pieces.end()), 150u);
}

TEST(Schedule, AfterTheFirstProbeATargetRestsForHalfAPeriod) {
  Schedule schedule;
  schedule.set(targets(1000, seconds(10)), kStart);
  std::map<uint64_t, std::vector<Time>> times;
  for (const Round& r : run(schedule, kStart + seconds(20))) times[r.target].push_back(r.due);
  for (const auto& [target, due] : times) {
    EXPECT_GE(due.at(1) - due.at(0), seconds(5));
    EXPECT_LE(due.at(1) - due.at(0), seconds(15) + 2 * jitter_of(seconds(10)));
  }
}

TEST(Schedule, TheFirstProbeHasItsTimeBeforeTheNext) {
  Schedule schedule;
  std::vector<Rhythm> slow = targets(1000, seconds(10));
  for (Rhythm& r : slow) r.lasts = seconds(9);
  schedule.set(slow, kStart);
  std::map<uint64_t, std::vector<Time>> times;
  for (const Round& r : run(schedule, kStart + seconds(25))) times[r.target].push_back(r.due);
  for (const auto& [target, due] : times) EXPECT_GE(due.at(1) - due.at(0), seconds(9));
}

TEST(Schedule, TargetsThatStayKeepTheirPhase) {
  Schedule schedule, undisturbed;
  undisturbed.set(targets(200, seconds(2)), kStart);
  schedule.set(targets(200, seconds(2)), kStart);
  const std::vector<Round> expected = run(undisturbed, kStart + seconds(20));
  std::vector<Round> rounds;
  for (Time now = kStart; now < kStart + seconds(20); now += milliseconds(100)) {
    // Others come and go, ten times a second.
    std::vector<Rhythm> all = targets(200, seconds(2));
    for (const Rhythm& r : targets(20, seconds(1), 1000 + uint64_t(now.time_since_epoch().count())))
      all.push_back(r);
    schedule.set(all, now);
    for (const Round& r : run(schedule, now + milliseconds(100)))
      if (r.target <= 200) rounds.push_back(r);
  }
  ASSERT_EQ(rounds.size(), expected.size());
  for (size_t i = 0; i < rounds.size(); i++) {
    EXPECT_EQ(rounds[i].target, expected[i].target);
    EXPECT_EQ(rounds[i].due, expected[i].due);
  }
}

TEST(Schedule, ATargetThatIsGoneIsNotProbed) {
  Schedule schedule;
  schedule.set(targets(2, seconds(1)), kStart);
  run(schedule, kStart + seconds(5));
  schedule.set({{.target = 2, .every = seconds(1)}}, kStart + seconds(5));
  for (const Round& r : run(schedule, kStart + seconds(10))) EXPECT_EQ(r.target, 2u);
  schedule.set({}, kStart + seconds(10));
  EXPECT_FALSE(schedule.next());
}

TEST(Schedule, ANewPeriodHoldsFromTheNextRoundOn) {
  Schedule schedule;
  schedule.set(targets(100, seconds(60)), kStart);
  run(schedule, kStart + seconds(30));
  schedule.set(targets(100, seconds(1)), kStart + seconds(30));
  std::map<uint64_t, size_t> counts;
  for (const Round& r : run(schedule, kStart + seconds(40))) counts[r.target]++;
  ASSERT_EQ(counts.size(), 100u);
  for (const auto& [target, count] : counts) EXPECT_NEAR(double(count), 10, 1);
}

TEST(Schedule, AfterAStallRoundsAreLeftOutInsteadOfMadeUpFor) {
  Schedule schedule;
  schedule.set(targets(10000, seconds(1)), kStart);
  run(schedule, kStart + seconds(5));
  const Time now = kStart + seconds(8);  // nothing was taken for 3 s
  size_t at_once = 0;
  while (std::optional<Round> round = schedule.take(now)) {
    EXPECT_LE(now - round->due, patience_of(seconds(1)));
    at_once++;
  }
  EXPECT_LT(at_once, 1200u);  // a tenth
  EXPECT_GT(at_once, 800u);
  EXPECT_NEAR(double(schedule.left_out()), 30000 - 1000, 300);
  // From then on all is as ever.
  const std::vector<size_t> pieces = per_piece(run(schedule, now + seconds(10)), now + seconds(1),
                                               now + seconds(10), milliseconds(100));
  EXPECT_LT(*std::max_element(pieces.begin(), pieces.end()), 1200u);
  EXPECT_GT(*std::min_element(pieces.begin(), pieces.end()), 800u);
}

TEST(Schedule, ARoundIsNotLateBecauseTheOneBeforeWas) {
  Schedule schedule;
  schedule.set(targets(1, seconds(1)), kStart);
  run(schedule, kStart + seconds(5));
  const Time due = *schedule.next();
  ASSERT_TRUE(schedule.take(due + milliseconds(90)));
  EXPECT_LE(*schedule.next() - due, seconds(1) + 2 * jitter_of(seconds(1)));
  EXPECT_EQ(schedule.left_out(), 0u);
}

}  // namespace
}  // namespace sluice::health
