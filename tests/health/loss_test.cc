// SPDX-License-Identifier: Apache-2.0
// Probes that are lost are not backends that are down; backends that are down are found in time.
#include <gtest/gtest.h>

#include <cmath>

#include "health/simulation.h"

namespace sluice::health::test {
namespace {

// How often a backend would go down that is asked on schedule only: `fall` losses in a row.
class PlainRiseAndFall {
 public:
  PlainRiseAndFall(size_t targets, uint32_t fall) : rows_(targets), fall_(fall) {}
  void hear(size_t target, bool lost) {
    rows_[target] = lost ? rows_[target] + 1 : 0;
    if (rows_[target] == fall_) false_downs_++;
  }
  size_t false_downs() const { return false_downs_; }

 private:
  std::vector<uint32_t> rows_;
  uint32_t fall_;
  size_t false_downs_ = 0;
};

// 1,000 backends, each asked every 2 s for 10 minutes. `refused`: a lost probe is answered by RST
// at once, and not by silence.
void check_loss(double loss, bool refused, uint32_t seed) {
  const Check check = {.probe = TcpCheck{}};
  const size_t count = 1000;
  PlainRiseAndFall plain(count, check.fall);
  std::mt19937 random(seed);
  std::bernoulli_distribution lost(loss);
  // The first question of an interval is the one on schedule.
  std::vector<Time> next(count, kStart);
  const auto world = [&](size_t target, Time asked) -> Simulation::Reply {
    const bool is_lost = lost(random);
    if (asked >= next[target]) {
      next[target] = asked + check.every - milliseconds(1);
      plain.hear(target, is_lost);
    }
    if (!is_lost) return {good(), milliseconds(1)};
    return refused ? Simulation::Reply{refusal(), milliseconds(1)}
                   : Simulation::Reply{silence(), check.timeout};
  };
  Simulation simulation(targets(count, check), world, seed);
  size_t downs = 0;
  simulation.run_until(kStart + minutes(10),
                       [&](const Findings& f) { downs += f.transitions.size(); });
  const double questions = double(simulation.asked_on_schedule());
  fmt::print(
      "{:.0f}% {}: {} false downs in {:.0f} probes; {:.1e} to be expected of 6 losses in a row; "
      "of 3 in a row there were {}; {:.1f}% more probes\n",
      loss * 100, refused ? "refused" : "lost", downs, questions, questions * std::pow(loss, 6),
      plain.false_downs(), 100 * double(simulation.asked_once_more()) / questions);
  EXPECT_EQ(downs, 0u);
  EXPECT_GT(plain.false_downs(), 20u) << "this test would find nothing";
}

TEST(Loss, Of5PercentFor10MinutesTakesNobodyDown) {
  for (const uint32_t seed : {1, 2, 3}) check_loss(0.05, false, seed);
}

TEST(Loss, By5PercentOfResetsTakesNobodyDown) {
  for (const uint32_t seed : {1, 2, 3}) check_loss(0.05, true, seed);
}

// From the end of a backend to the verdict, whenever in its interval that is.
void check_detection(const Check& check, const Simulation::Reply& reply) {
  const size_t count = 200;
  const Time end_of_all = kStart + seconds(20);
  // Not all at once, and some stay: we are not cut off.
  std::vector<Time> ends(count, Time::max());
  std::mt19937 random(5);
  for (size_t n = 0; n < count - 1; n++)
    ends[n] = end_of_all + milliseconds(std::uniform_int_distribution<int>(0, 20000)(random));
  const auto world = [&](size_t target, Time asked) -> Simulation::Reply {
    if (asked < ends[target]) return {good(), milliseconds(1)};
    return reply;
  };
  Simulation simulation(targets(count, check), world);
  Duration longest{0};
  size_t found = 0;
  simulation.run_until(end_of_all + minutes(2), [&](const Findings& f) {
    for (const Transition& t : f.transitions) {
      if (t.to != State::kDown) continue;
      found++;
      longest = std::max<Duration>(longest, t.at - ends[t.target - 1]);
    }
  });
  EXPECT_EQ(found, count - 1);
  EXPECT_LE(longest, check.fall * Duration(check.every) + check.timeout);
  EXPECT_GT(longest, (check.fall - 1) * Duration(check.every)) << "as it has to be";
}

TEST(Detection, IsWithinFallTimesEveryAndTheTimeout) {
  const milliseconds everies[] = {milliseconds(1000), milliseconds(2000), milliseconds(5000)};
  for (const milliseconds every : everies)
    for (const uint32_t fall : {1, 2, 3, 5}) {
      const Check check = {
          .probe = TcpCheck{}, .every = every, .timeout = seconds(1), .fall = fall};
      check_detection(check, {silence(), seconds(1)});
      check_detection(check, {refusal(), milliseconds(1)});
    }
}

TEST(Recovery, IsWithinRiseTimesEvery) {
  const Check check = {.probe = TcpCheck{}};
  const Time back = kStart + seconds(60);
  const auto world = [&](size_t target, Time asked) -> Simulation::Reply {
    if (target == 0 || asked >= back) return {good(), milliseconds(1)};
    return {silence(), seconds(1)};
  };
  Simulation simulation(targets(100, check), world);
  Duration longest{0};
  size_t risen = 0;
  simulation.run_until(kStart + minutes(3), [&](const Findings& f) {
    for (const Transition& t : f.transitions) {
      if (t.to != State::kUp) continue;
      risen++;
      longest = std::max<Duration>(longest, t.at - back);
    }
  });
  EXPECT_EQ(risen, 99u);
  EXPECT_LE(longest, check.rise * Duration(check.every) + milliseconds(1));
}

}  // namespace
}  // namespace sluice::health::test
