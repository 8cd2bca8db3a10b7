// SPDX-License-Identifier: Apache-2.0
// A judge goes on where another one was; and what is no saved verdict is not taken for one.
#include "health/saved_verdicts.h"

#include <gtest/gtest.h>

#include <random>

#include "health/subjects.h"

namespace sluice::health::test {
namespace {

const Time kLater = kStart + std::chrono::hours(77);  // and after a boot it may be earlier

// Backend 0 is up; 1 down; 2 dead; 3 new; 4 flaps and is held down, and wants half of its weight.
Judge example(Time& now) {
  Judge judge;
  now = kStart;
  const Check check = {.probe = TcpCheck{}, .rise = 1, .fall = 1};
  judge.aim(targets(5, check), {target(3).backend}, now);
  const auto hear = [&](size_t n, const Outcome& o) {
    judge.hear(n + 1, o, Asked::kOnSchedule, now);
  };
  hear(0, good());
  hear(2, refusal());
  now += seconds(31);
  judge.advance(now);
  for (int i = 0; i < 3; i++) {
    hear(4, refusal());
    now += seconds(5);
    hear(4, {.answer = Answer::kGood, .text = "200", .weight = 0.5});
  }
  hear(1, refusal());
  hear(4, refusal());
  now += seconds(1);
  return judge;
}

Judge restart(const Judge& judge, Time now, Time later) {
  const Result<std::vector<SavedVerdict>> saved = read_verdicts(write_verdicts(judge.save(now)));
  EXPECT_TRUE(saved) << saved.error().message;
  Judge next(*saved, later);
  next.aim(targets(5, {.probe = TcpCheck{}, .rise = 1, .fall = 1}), {}, later);
  return next;
}

TEST(SavedVerdicts, ComeBackAsTheyWere) {
  Time now;
  const Judge judge = example(now);
  const std::vector<SavedVerdict> saved = judge.save(now);
  ASSERT_EQ(saved.size(), 5u);
  EXPECT_EQ(saved[2].state, State::kDead);
  EXPECT_EQ(saved[3].state, State::kNew);
  EXPECT_GT(*saved[4].held_for, seconds(0));
  EXPECT_LT(saved[4].percent, 100u);
  EXPECT_EQ(*read_verdicts(write_verdicts(saved)), saved);
}

TEST(SavedVerdicts, GoOnAfterARestart) {
  Time now;
  const Judge before = example(now);
  for (const Time later : {kLater, kStart - std::chrono::minutes(59)}) {
    const Judge after = restart(before, now, later);
    const Duration passed = later - now;
    const Verdicts a = before.verdicts(), b = after.verdicts();
    for (size_t n = 0; n < 5; n++) {
      Verdict wanted = a.backends.at(user(n));
      wanted.since += passed;
      if (wanted.came_up) *wanted.came_up += passed;
      if (wanted.held_until) *wanted.held_until += passed;
      if (wanted.dead_at) *wanted.dead_at += passed;
      EXPECT_EQ(b.backends.at(user(n)), wanted) << n;
    }
    EXPECT_EQ(*after.next_due() - later, *before.next_due() - now)
        << "the time that we were away counts for nothing";
  }
}

TEST(SavedVerdicts, AHundredRestartsChangeNothing) {
  Time now;
  Judge judge = example(now);
  const std::string text = write_verdicts(judge.save(now));
  for (int i = 0; i < 100; i++) {
    judge = restart(judge, now, now + seconds(1000));
    now += seconds(1000);
  }
  EXPECT_EQ(write_verdicts(judge.save(now)), text);
}

TEST(SavedVerdicts, ATargetThatIsAskedInAnotherWayNowIsFoundByItsUser) {
  Time now;
  const Judge before = example(now);
  Judge after(before.save(now), kLater);
  std::vector<Target> others = targets(5, {.probe = HttpCheck{}});
  for (Target& t : others) t.id += 1000;
  after.aim(others, {}, kLater);
  EXPECT_EQ(state_of(after, 0), State::kUp);
  EXPECT_EQ(state_of(after, 1), State::kDown);
  EXPECT_EQ(state_of(after, 2), State::kDead);
}

TEST(SavedVerdicts, CutAnywhereAreNone) {
  Time now;
  const std::string text = write_verdicts(example(now).save(now));
  for (size_t length = 0; length + 1 < text.size(); length++)
    EXPECT_FALSE(read_verdicts(text.substr(0, length))) << length;
}

TEST(SavedVerdicts, OfStrangersAreAnError) {
  const std::string one = R"({"version":1,"verdicts":[{"target":1,"backend":"192.0.2.1",)"
                          R"("users":[["p","b"]],"state":"up","age_ms":5,"came_up_ms":7,)"
                          R"("held_for_ms":0,"kept_for_ms":0,"proven":true,"good":1,"bad":0,)"
                          R"("unknown":0,"flaps":0,"percent":100,"smoothed":1.0,"last":"ok"}]})";
  ASSERT_TRUE(read_verdicts(one)) << read_verdicts(one).error().message;
  const std::pair<const char*, const char*> damages[] = {
      {R"("version":1)", R"("version":2)"},
      {R"("version":1)", R"("version":-1)"},
      {R"("target":1)", R"("target":-1)"},
      {R"("target":1)", R"("target":1.5)"},
      {R"("192.0.2.1")", R"("192.0.2")"},
      {R"("up")", R"("sideways")"},
      {R"("up")", "7"},
      {R"("age_ms":5)", R"("age_ms":9223372036854775807)"},
      {R"("age_ms":5)", R"("age_ms":null)"},
      {R"("held_for_ms":0)", R"("held_for_ms":1e300)"},
      {R"("came_up_ms":7)", R"("came_up_ms":null)"},
      {R"("good":1)", R"("good":4294967296)"},
      {R"("percent":100)", R"("percent":0)"},
      {R"("percent":100)", R"("percent":101)"},
      {R"("percent":100)", R"("percent":1005)"},
      {R"("smoothed":1.0)", R"("smoothed":11)"},
      {R"("smoothed":1.0)", R"("smoothed":"1")"},
      {R"([["p","b"]])", R"([["p"]])"},
      {R"([["p","b"]])", R"([7])"},
      {R"("state":)", R"("stale":)"},
      {R"("ok")", "\"\xff\""},
      {R"(]})", R"(]]})"},
  };
  for (const auto& [from, to] : damages) {
    std::string text = one;
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), std::string(from).size(), to);
    EXPECT_FALSE(read_verdicts(text)) << from << " -> " << to;
  }
  for (const std::string& text :
       {std::string(), std::string("null"), std::string("[]"), std::string("{}"),
        std::string(R"({"version":1})"), std::string(R"({"version":1,"verdicts":7})"),
        std::string(1 << 20, '['), std::string("\0\0\0\0", 4), one + one})
    EXPECT_FALSE(read_verdicts(text)) << text.substr(0, 40);
  EXPECT_TRUE(read_verdicts(R"({"version":1,"verdicts":[],"more":0})")) << "newer ones may add";
  EXPECT_EQ(read_verdicts("{").error().message.rfind("read the saved verdicts: ", 0), 0u);
}

TEST(SavedVerdicts, OfTheSameTargetTwiceAreAnError) {
  Time now;
  std::vector<SavedVerdict> saved = example(now).save(now);
  saved.push_back(saved[0]);
  EXPECT_FALSE(read_verdicts(write_verdicts(saved)));
}

TEST(SavedVerdicts, WithChangedBytesAreAnErrorOrSaneVerdicts) {
  Time now;
  const std::string text = write_verdicts(example(now).save(now));
  std::mt19937 random(3);
  size_t read = 0;
  for (int i = 0; i < 20000; i++) {
    std::string damaged = text;
    for (int n = 0; n < 1 + i % 3; n++) damaged[random() % damaged.size()] = char(random());
    const Result<std::vector<SavedVerdict>> saved = read_verdicts(damaged);
    if (!saved) continue;
    read++;
    Judge judge(*saved, kLater);
    judge.aim(targets(5), {}, kLater);
    for (int second = 0; second < 100; second += 10) {
      judge.advance(kLater + seconds(second));
      EXPECT_TRUE(!judge.next_due() || *judge.next_due() > kLater + seconds(second));
    }
  }
  EXPECT_GT(read, 100u);
}

TEST(SavedVerdicts, NamesThatAreNotTextAreNoReasonToSaveNothing) {
  std::vector<SavedVerdict> saved(1);
  saved[0].users = {{"\xff", "b"}};
  saved[0].backend = ip("192.0.2.1");
  EXPECT_TRUE(read_verdicts(write_verdicts(saved)));
}

}  // namespace
}  // namespace sluice::health::test
