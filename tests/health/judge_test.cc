// SPDX-License-Identifier: Apache-2.0
// All targets together: the beginning, reloads, a checker that is cut off.
#include "health/judge.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "health/simulation.h"

namespace sluice::health::test {
namespace {

static_assert(Time::clock::is_steady, "whoever sets a clock changes nothing");

// A judge that hears whatever a test says, every 2 s.
class Court {
 public:
  explicit Court(std::vector<Target> targets) : targets_(std::move(targets)) {
    found(judge.aim(targets_, {}, now));
    say_all(good());
  }

  // The outcome of one question to `n`.
  void say(size_t n, const Outcome& outcome) {
    found(judge.hear(targets_[n].id, outcome, Asked::kOnSchedule, now));
  }
  // A round of questions: `outcome` from all but the first `others`, which are well.
  void say_all(const Outcome& outcome, size_t others = 0, int rounds = 1) {
    for (int i = 0; i < rounds; i++) {
      now += seconds(2);
      for (size_t n = 0; n < targets_.size(); n++) say(n, n < others ? good() : outcome);
    }
  }
  void pass(Duration time) {
    now += time;
    found(judge.advance(now));
  }
  size_t count(State state) const {
    size_t n = 0;
    for (const auto& [ref, v] : judge.verdicts().backends) n += v.state == state;
    return n;
  }
  size_t notices(Notice::Kind kind) const {
    return size_t(std::ranges::count(all.notices, kind, &Notice::kind));
  }
  void found(const Findings& f) {
    all.transitions.insert(all.transitions.end(), f.transitions.begin(), f.transitions.end());
    all.notices.insert(all.notices.end(), f.notices.begin(), f.notices.end());
  }

  Judge judge;
  Time now = kStart;
  Findings all;

 private:
  std::vector<Target> targets_;
};

TEST(Isolation, OfTheCheckerHoldsTheState) {
  Court c(targets(10));
  c.say_all(silence(), 0, 100);
  EXPECT_EQ(c.count(State::kUp), 10u);
  EXPECT_TRUE(c.all.transitions.empty());
  EXPECT_EQ(c.notices(Notice::Kind::kIsolated), 1u) << "said once";
  EXPECT_TRUE(c.judge.verdicts().isolated);
  EXPECT_FALSE(c.judge.next_due());
}

TEST(Isolation, EndsWithTheFirstAnswer) {
  Court c(targets(10));
  c.say_all(silence(), 0, 100);
  c.say_all(silence(), 1);
  EXPECT_FALSE(c.judge.isolated());
  EXPECT_EQ(c.notices(Notice::Kind::kNotIsolated), 1u);
  EXPECT_EQ(c.count(State::kUp), 10u) << "what was heard in the meantime says nothing";
  c.say_all(silence(), 1, 3);
  EXPECT_EQ(c.count(State::kDown), 9u) << "what is heard now does";
  EXPECT_EQ(c.notices(Notice::Kind::kIsolated), 1u);
}

TEST(Isolation, EndsWithARefusal) {
  Court c(targets(10));
  c.say_all(silence(), 0, 10);
  c.say(4, refusal());
  EXPECT_FALSE(c.judge.isolated());
}

TEST(Isolation, IsNotWhatLeavesOneBackendThatAnswers) {
  for (const size_t well : {1, 2, 5}) {
    Court c(targets(10));
    c.say_all(silence(), well, 3);
    EXPECT_EQ(c.count(State::kDown), 10 - well);
    EXPECT_TRUE(c.all.notices.empty());
  }
}

TEST(Isolation, IsNotWhatRefuses) {
  Court c(targets(10));
  c.say_all(refusal(), 0, 3);
  EXPECT_EQ(c.count(State::kDown), 10u);
}

TEST(Isolation, CannotBeToldFromTheDeathOfTwo) {
  Court two(targets(2));
  two.say_all(silence(), 0, 3);
  EXPECT_EQ(two.count(State::kDown), 2u);
  std::vector<Target> one_server = targets(5);
  for (Target& t : one_server) t.backend = one_server[0].backend;
  Court same(one_server);
  same.say_all(silence(), 0, 3);
  EXPECT_EQ(same.count(State::kDown), 5u);
  Court three(targets(3));
  three.say_all(silence(), 0, 3);
  EXPECT_EQ(three.count(State::kUp), 3u);
}

TEST(Isolation, IsOurOwnFaultsToo) {
  Court c(targets(10));
  for (int round = 0; round < 3; round++) {
    c.now += seconds(2);
    for (size_t n = 0; n < 10; n++) c.say(n, n == 0 ? silence() : unknown());
  }
  EXPECT_TRUE(c.judge.isolated());
  EXPECT_EQ(c.count(State::kUp), 10u);
}

TEST(Isolation, DoesNotHoldWhatHasNeverAnswered) {
  Judge judge;
  judge.aim(targets(10), {}, kStart);
  for (int round = 1; round <= 3; round++)
    for (size_t n = 0; n < 10; n++)
      judge.hear(n + 1, silence(), Asked::kOnSchedule, kStart + round * seconds(2));
  EXPECT_FALSE(judge.isolated());
  EXPECT_EQ(state_of(judge, 9), State::kDown);
}

// Who wants that is told of an end at once, whoever's; panic is for him.
TEST(Isolation, IsNotFoundWhereOneBadAnswerIsEnough) {
  Court c(targets(10, {.probe = TcpCheck{}, .fall = 1}));
  c.say_all(silence());
  EXPECT_EQ(c.count(State::kDown), 10u);
  Court two(targets(10, {.probe = TcpCheck{}, .fall = 2}));
  two.say_all(silence(), 0, 2);
  EXPECT_EQ(two.count(State::kUp), 10u);
}

TEST(Isolation, HoldsWhatHadNotAnsweredBefore) {
  Court c(targets(10));
  c.judge.aim(targets(12), {target(10).backend, target(11).backend}, c.now);
  c.say_all(silence(), 0, 4);
  ASSERT_TRUE(c.judge.isolated());
  for (int i = 0; i < 10; i++) c.judge.hear(11, silence(), Asked::kOnSchedule, c.now);
  EXPECT_EQ(state_of(c.judge, 10), State::kNew);
}

TEST(Isolation, LetsNobodyDie) {
  Court c(targets(10));
  c.say_all(silence(), 9, 3);
  ASSERT_EQ(c.count(State::kDown), 1u);
  c.say_all(silence(), 0, 3);
  ASSERT_TRUE(c.judge.isolated());
  c.pass(minutes(10));
  EXPECT_EQ(c.count(State::kDead), 0u);
  c.say(0, good());
  EXPECT_EQ(*c.judge.next_due(), c.now + seconds(30)) << "we could not have heard it";
  c.pass(seconds(30));
  EXPECT_EQ(c.count(State::kDead), 1u);
}

// A short cut: when some answer again, others have yet to be told that they did not.
TEST(Isolation, ThatWasTooShortToBeFoundTakesNobodyDown) {
  for (int length = 3000; length < 8000; length += 100) {
    const Time cut = kStart + seconds(60);
    const auto world = [&](size_t, Time asked) -> Simulation::Reply {
      if (asked < cut || asked >= cut + milliseconds(length)) return {good(), milliseconds(1)};
      return {silence(), seconds(1)};
    };
    Simulation simulation(targets(50), world);
    simulation.run_until(kStart + minutes(2), [&](const Findings& f) {
      EXPECT_TRUE(f.transitions.empty()) << length << " ms";
    });
  }
}

// Backends 0 to 9 die at once; the only other one is asked each 30 s, and is well.
TEST(Isolation, IsNotCalledAgainAndAgainByOneThatIsAskedSeldom) {
  std::vector<Target> all = targets(11);
  all[10].check.every = seconds(30);
  Court c(all);
  const auto rounds = [&](int times) {
    for (; times > 0; times--) {
      c.now += seconds(2);
      for (size_t n = 0; n < 10; n++) c.say(n, silence());
    }
  };
  rounds(15);
  ASSERT_TRUE(c.judge.isolated());
  c.say(10, good());
  rounds(3);
  EXPECT_EQ(c.count(State::kDown), 10u);
  EXPECT_EQ(c.notices(Notice::Kind::kIsolated), 1u);
}

TEST(Isolation, IsNotWhereSomeHaveNotBeenAskedYet) {
  std::vector<Target> all = targets(13);
  for (size_t n = 10; n < 13; n++) all[n].check.every = seconds(30);
  Court c(all);
  for (int round = 0; round < 3; round++) {
    c.now += seconds(2);
    for (size_t n = 0; n < 10; n++) c.say(n, silence());
  }
  EXPECT_EQ(c.count(State::kDown), 10u);
}

TEST(Isolation, OfBackendsAskedAtTheirOwnTimesIsFoundAsWell) {
  const Time cut = kStart + seconds(60), back = cut + seconds(60);
  const auto world = [&](size_t, Time asked) -> Simulation::Reply {
    if (asked < cut || asked >= back) return {good(), milliseconds(1)};
    return {silence(), seconds(1)};
  };
  for (const size_t count : {3, 10, 1000}) {
    Simulation simulation(targets(count), world);
    size_t transitions = 0, notices = 0;
    simulation.run_until(kStart + minutes(5), [&](const Findings& f) {
      transitions += f.transitions.size();
      notices += f.notices.size();
    });
    EXPECT_EQ(transitions, 0u) << count;
    EXPECT_EQ(notices, 2u);
  }
}

TEST(Unknown, IsReportedOnceAndChangesNothing) {
  Court c(targets(1));
  c.say_all(unknown(), 0, 20);
  EXPECT_EQ(c.count(State::kUp), 1u);
  ASSERT_EQ(c.all.notices.size(), 1u);
  EXPECT_EQ(c.all.notices[0].text, "web/be0 tcp 80 cannot be asked: too many open files");
  EXPECT_EQ(c.all.notices[0].target, 1u);
  c.say_all(good());
  EXPECT_EQ(c.notices(Notice::Kind::kCanAsk), 1u);
  EXPECT_TRUE(c.all.transitions.empty());
}

TEST(Judge, WhatIsFirstKnownIsTakenForUp) {
  Judge judge;
  EXPECT_TRUE(judge.aim(targets(3), {}, kStart).changed);
  EXPECT_EQ(state_of(judge, 0), State::kUp);
  EXPECT_FALSE(judge.verdicts().backends.at(user(0)).came_up) << "no slow start";
  EXPECT_FALSE(judge.next_due());
}

TEST(Judge, ANewcomerWaitsForItsFirstGoodAnswer) {
  Court c(targets(2));
  c.judge.aim(targets(4), {target(2).backend, target(3).backend}, c.now);
  EXPECT_EQ(state_of(c.judge, 2), State::kNew);
  const Findings f = c.judge.hear(3, good(), Asked::kOnSchedule, c.now);
  ASSERT_EQ(f.transitions.size(), 1u);
  EXPECT_EQ(f.transitions[0].cause, "its first good answer");
  EXPECT_EQ(*c.judge.verdicts().backends.at(user(2)).came_up, c.now);
  EXPECT_EQ(state_of(c.judge, 3), State::kNew);
  EXPECT_EQ(state_of(c.judge, 0), State::kUp);
}

TEST(Judge, AReloadKeepsWhatIsBelieved) {
  Court c(targets(4));
  c.say_all(refusal(), 3, 3);
  ASSERT_EQ(state_of(c.judge, 3), State::kDown);
  const Time down_since = c.now;
  c.judge.aim(targets(4), {}, c.now + seconds(10));
  EXPECT_EQ(c.judge.verdicts().backends.at(user(3)).since, down_since);
  EXPECT_EQ(c.judge.next_due(), down_since + seconds(30));
}

TEST(Judge, AnotherQuestionBeginsWithWhatIsBelieved) {
  Court c(targets(4));
  c.say_all(refusal(), 3, 3);
  std::vector<Target> others = targets(4, {.probe = HttpCheck{}});
  for (Target& t : others) t.id += 100;
  // Newcomers or not: it is the same backend.
  c.judge.aim(others, {target(0).backend, target(3).backend}, c.now);
  EXPECT_EQ(state_of(c.judge, 0), State::kUp);
  EXPECT_EQ(state_of(c.judge, 3), State::kDown);
  EXPECT_EQ(c.judge.verdicts().backends.at(user(0)).good, 0u);
  EXPECT_TRUE(c.judge.hear(104, good(), Asked::kOnSchedule, c.now).transitions.empty());
  EXPECT_EQ(c.judge.hear(104, good(), Asked::kOnSchedule, c.now).transitions.size(), 1u);
}

TEST(Judge, ABackendOfTheSameNameAtAnotherAddressIsAnother) {
  Court c(targets(4));
  c.say_all(refusal(), 3, 3);
  std::vector<Target> moved = targets(4);
  moved[3].id = 99;
  moved[3].backend = ip("203.0.113.9");
  c.judge.aim(moved, {moved[3].backend}, c.now);
  EXPECT_EQ(state_of(c.judge, 3), State::kNew);
}

TEST(Judge, ForgetsWhatIsNoTargetAnyMore) {
  Court c(targets(2));
  c.say_all(refusal(), 0, 3);
  c.judge.aim(targets(1), {}, c.now);
  EXPECT_TRUE(c.judge.hear(2, good(), Asked::kOnSchedule, c.now).transitions.empty());
  EXPECT_EQ(c.judge.verdicts().backends.size(), 1u);
  c.pass(minutes(1));
  EXPECT_EQ(c.all.transitions.back().target, 1u) << "nor is it due";
  EXPECT_FALSE(c.judge.next_due());
}

TEST(Judge, OneVerdictIsForAllUsers) {
  Target shared = target(0);
  shared.users.push_back({"other", "a"});
  Court c({shared, target(1)});
  c.say_all(refusal(), 0, 3);
  EXPECT_EQ(c.judge.verdicts().backends.at({"other", "a"}).state, State::kDown);
  EXPECT_EQ(c.all.transitions.size(), 2u) << "said once, though";
  EXPECT_EQ(c.all.transitions[0].users.size(), 2u);
}

TEST(Judge, IsolationDoesNotOutliveItsTargets) {
  Court c(targets(10));
  c.say_all(silence(), 0, 5);
  ASSERT_TRUE(c.judge.isolated());
  const Findings f = c.judge.aim(targets(2), {}, c.now);
  EXPECT_FALSE(c.judge.isolated());
  ASSERT_EQ(f.notices.size(), 1u);
  EXPECT_EQ(f.notices[0].kind, Notice::Kind::kNotIsolated);
}

}  // namespace
}  // namespace sluice::health::test
