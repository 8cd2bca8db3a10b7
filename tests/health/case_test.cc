// SPDX-License-Identifier: Apache-2.0
// One target: rise and fall, unknown, the hold-down, flapping.
#include "health/case.h"

#include <gtest/gtest.h>

#include "health/subjects.h"

namespace sluice::health::test {
namespace {

Outcome outcome_of(char letter) {
  switch (letter) {
    case 'g':
    case 'G':
      return good();
    case 'b':
    case 'B':
      return silence();
  }
  return unknown();
}

// Asks each `every`; capital letters are answers to what was asked once more, right behind.
// Returns a letter for the state after each answer: new, up, down, x (dead).
std::string states(Case c, const std::string& answers) {
  std::string out;
  Time now = c.since;
  for (const char letter : answers) {
    const bool once_more = letter == 'G' || letter == 'B';
    now += once_more ? milliseconds(1) : c.target.check.every;
    hear(c, outcome_of(letter), once_more ? Asked::kOnceMore : Asked::kOnSchedule, now);
    if (const std::optional<Ruling> r = ruling(c, now)) enter(c, *r, now);
    out += c.state == State::kDead ? 'x' : name_of(c.state)[0];
  }
  return out;
}

Case subject(uint32_t rise, uint32_t fall, State state = State::kUp) {
  Case c;
  c.target = target(0, {.probe = TcpCheck{}, .rise = rise, .fall = fall});
  c.state = state;
  c.since = c.kept_from = kStart;
  return c;
}

struct Row {
  uint32_t rise, fall;
  State begin;
  std::string answers, states;
};

constexpr State kNew = State::kNew, kUp = State::kUp, kDown = State::kDown, kDead = State::kDead;

TEST(RiseAndFall, AreAnswersInARow) {
  const Row rows[] = {
      {2, 3, kUp, "gggg", "uuuu"},
      {2, 3, kUp, "bbb", "uud"},
      {2, 3, kUp, "bbgbbgbbb", "uuuuuuuud"},
      {2, 3, kUp, "bbbgg", "uuddu"},
      {2, 3, kUp, "bbbgbgg", "uuddddu"},
      {1, 1, kUp, "bgbb", "dudd"},
      {3, 1, kUp, "bggg", "dddu"},
      {1, 5, kUp, "bbbbgbbbbb", "uuuuuuuuud"},
      // An unknown answer changes nothing and breaks no row.
      {2, 3, kUp, "??????", "uuuuuu"},
      {2, 3, kUp, "b?b??b", "uuuuud"},
      {2, 3, kDown, "g?g", "ddu"},
      {2, 3, kDown, "????", "dddd"},
      // What was asked once more can save a target, and does no more than that.
      {2, 3, kUp, "bGbGbGbG", "uuuuuuuu"},
      {2, 3, kUp, "bBBbBBb", "uuuuuud"},
      {2, 3, kUp, "bBGbbb", "uuuuud"},
      {2, 3, kUp, "BBBBBB", "uuuuuu"},
      {2, 3, kDown, "GGGG", "dddd"},
      {2, 3, kDown, "gGg", "ddu"},
      // New ones are up with their first good answer, and need `fall` bad ones to be found ill.
      {2, 3, kNew, "g", "u"},
      {2, 3, kNew, "bbbg", "nndd"},
      {2, 3, kNew, "bbgbb", "nnuuu"},
      {2, 3, kNew, "b??", "nnn"},
      {2, 3, kNew, "???", "nnu"},
      // The dead rise, too.
      {2, 3, kDead, "gg", "xu"},
      {2, 3, kDead, "gbgg", "xxxu"},
  };
  for (const Row& r : rows)
    EXPECT_EQ(states(subject(r.rise, r.fall, r.begin), r.answers), r.states) << r.answers;
}

TEST(HoldDown, ADownBackendIsDeadAfterIt) {
  Case c = subject(2, 3, kDown);
  EXPECT_EQ(*due(c), kStart + seconds(30));
  EXPECT_FALSE(ruling(c, kStart + seconds(30) - milliseconds(1)));
  const std::optional<Ruling> r = ruling(c, kStart + seconds(30));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->state, kDead);
  EXPECT_EQ(r->cause, "no good answer for 30 s");
  enter(c, *r, kStart + seconds(30));
  EXPECT_FALSE(due(c));
}

TEST(HoldDown, ABackendThatAnswersNowAndThenKeepsItsFlows) {
  std::string now_and_then;
  for (int i = 0; i < 100; i++) now_and_then += "gbbbb";  // every 2 s: a good one each 10 s
  EXPECT_EQ(states(subject(2, 3, kDown), now_and_then), std::string(now_and_then.size(), 'd'));
  EXPECT_EQ(states(subject(2, 3, kDown), "g" + std::string(15, 'b')), std::string(15, 'd') + "x");
}

TEST(OnceMore, IsAskedTwiceAfterEachBadAnswerWhileInDoubt) {
  Case c = subject(2, 3);
  const auto bad = [&](Asked asked) {
    hear(c, silence(), asked, kStart);
    return ask_once_more(c);
  };
  EXPECT_TRUE(bad(Asked::kOnSchedule));
  EXPECT_TRUE(bad(Asked::kOnceMore));
  EXPECT_FALSE(bad(Asked::kOnceMore));
  EXPECT_TRUE(bad(Asked::kOnSchedule));
  EXPECT_TRUE(bad(Asked::kOnceMore));
  EXPECT_FALSE(bad(Asked::kOnSchedule)) << "nothing is in doubt any more";
  Case down = subject(2, 3, kDown);
  hear(down, silence(), Asked::kOnSchedule, kStart);
  EXPECT_FALSE(ask_once_more(down));
}

TEST(Transition, SaysWhatAndWhy) {
  Case c = subject(2, 3);
  for (int i = 1; i <= 3; i++)
    hear(c, {.answer = Answer::kBad, .text = "503\n\x1b[1m"}, Asked::kOnSchedule,
         kStart + i * seconds(2));
  const Transition t = enter(c, *ruling(c, kStart + seconds(7)), kStart + seconds(7));
  EXPECT_EQ(t.target, c.target.id);
  EXPECT_EQ(t.name, "web/be0 tcp 80");
  EXPECT_EQ(t.users, std::vector{user(0)});
  EXPECT_EQ(t.from, kUp);
  EXPECT_EQ(t.to, kDown);
  EXPECT_EQ(t.cause, "3 bad answers in a row");
  EXPECT_EQ(t.last, "503\\x0a\\x1b[1m") << "a backend forges no lines of our log";
  EXPECT_EQ(t.at, kStart + seconds(7));
  EXPECT_EQ(t.lasted, seconds(7));
}

// A target that is well for `up`, and bad as soon as it is up: how long it is down, life by life.
class Flapper {
 public:
  explicit Flapper(const Check& check) { c_.target = target(0, check), c_.since = now_; }

  Duration down_for(Duration up) {
    until(State::kUp, good());
    const Time came_up = now_;
    while (now_ < came_up + up) ask(good());
    until(State::kDown, refusal());
    const Time went_down = now_;
    until(State::kUp, good());
    return now_ - went_down;
  }

 private:
  void ask(const Outcome& outcome) {
    now_ += c_.target.check.every;
    hear(c_, outcome, Asked::kOnSchedule, now_);
    if (const std::optional<Ruling> r = ruling(c_, now_)) enter(c_, *r, now_);
  }
  void until(State state, const Outcome& outcome) {
    for (int i = 0; c_.state != state && i < 10000; i++) ask(outcome);
  }

  Case c_;
  Time now_ = kStart;
};

TEST(Flapping, IsHeldDownTwiceAsLongEachTime) {
  Flapper f({.probe = TcpCheck{}, .every = seconds(1), .rise = 2, .fall = 1});
  const seconds shortest(2);
  EXPECT_EQ(f.down_for(seconds(0)), shortest) << "it was up from the beginning";
  for (const int factor : {2, 4, 8, 16, 32, 32, 32})
    EXPECT_EQ(f.down_for(seconds(5)), factor * shortest);
}

TEST(Flapping, IsForgottenAfterQuietTimes) {
  Flapper f({.probe = TcpCheck{}, .every = seconds(1), .rise = 2, .fall = 1});
  for (int i = 0; i < 4; i++) f.down_for(seconds(5));
  ASSERT_EQ(f.down_for(seconds(5)), seconds(32));
  // Four flaps: quiet times are 64, 60, 60 and 60 s.
  EXPECT_EQ(f.down_for(seconds(64)), seconds(16)) << "one forgotten";
  EXPECT_EQ(f.down_for(seconds(60 * 3)), seconds(2)) << "three forgotten";
  EXPECT_EQ(f.down_for(minutes(10)), seconds(2)) << "that is not soon";
}

TEST(Flapping, IsHeldDownFor5MinutesAtMost) {
  Flapper f({.probe = TcpCheck{}, .every = seconds(30), .rise = 2, .fall = 1});
  for (int i = 0; i < 10; i++) EXPECT_LE(f.down_for(seconds(1)), minutes(5));
  EXPECT_EQ(f.down_for(seconds(1)), minutes(5));
}

}  // namespace
}  // namespace sluice::health::test
