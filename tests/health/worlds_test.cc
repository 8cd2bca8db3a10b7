// SPDX-License-Identifier: Apache-2.0
// Random worlds: some backends are always well, some die and come back, and now and then the
// balancer is cut off from all of them.
#include <gtest/gtest.h>

#include <algorithm>

#include "health/simulation.h"

namespace sluice::health::test {
namespace {

constexpr Duration kLength = minutes(6);

struct Span {
  Time from, to;
  bool contains(Time t) const { return from <= t && t < to; }
};

struct World {
  size_t count = 0, always_well = 0;   // the first so many
  std::vector<std::vector<Span>> ill;  // by target
  std::vector<Span> cuts;

  explicit World(std::mt19937& random) {
    const auto span = [&](int shortest, int longest) {
      const Time from = kStart + seconds(5) + milliseconds(random() % 300000);
      return Span{from, from + milliseconds(1000 * shortest + random() % (1000 * longest))};
    };
    always_well = 3 + random() % 8;
    count = always_well + random() % always_well;
    ill.resize(count);
    for (size_t n = always_well; n < count; n++)
      for (size_t i = random() % 4; i > 0; i--) ill[n].push_back(span(1, 60));
    for (size_t i = random() % 3; i > 0; i--) cuts.push_back(span(1, 90));
  }
  bool is_cut(Time t) const {
    return std::ranges::any_of(cuts, [&](const Span& s) { return s.contains(t); });
  }
  bool is_ill(size_t n, Time t) const {
    return std::ranges::any_of(ill[n], [&](const Span& s) { return s.contains(t); });
  }
};

// Follows what is told, and what must hold at any time.
struct Watch {
  std::vector<State> states;
  bool isolated = false;
  size_t isolations = 0;

  void take(const Findings& f, const Judge& judge, Time now) {
    for (const Notice& n : f.notices) {
      if (n.kind == Notice::Kind::kWasIsolated) continue;
      EXPECT_EQ(n.kind == Notice::Kind::kIsolated, !isolated) << "one after the other";
      isolated = n.kind == Notice::Kind::kIsolated;
      isolations += isolated;
    }
    for (const Transition& t : f.transitions) {
      EXPECT_EQ(states[t.target - 1], t.from);
      EXPECT_FALSE(isolated) << "verdicts stand still";
      states[t.target - 1] = t.to;
    }
    EXPECT_EQ(judge.isolated(), isolated);
    for (const TargetId id : f.ask_now) EXPECT_EQ(states[id - 1], State::kUp);
    if (const std::optional<Time> due = judge.next_due(); due) {
      EXPECT_GT(*due, now);
    }
  }
};

size_t run(uint32_t seed) {
  std::mt19937 random(seed);
  const World world(random);
  const Check check = {.probe = TcpCheck{}, .fall = uint32_t(3 + random() % 2)};
  Simulation simulation(
      targets(world.count, check),
      [&](size_t n, Time asked) -> Simulation::Reply {
        if (world.is_cut(asked) || world.is_ill(n, asked)) return {silence(), check.timeout};
        return {good(), milliseconds(5)};
      },
      seed);
  Watch watch = {.states = std::vector<State>(world.count, State::kUp)};
  simulation.run_until(kStart + kLength, [&](const Findings& f) {
    watch.take(f, simulation.judge(), simulation.now());
    for (const Transition& t : f.transitions) {
      if (t.target > world.always_well) continue;
      ADD_FAILURE() << t.name << " was always well, and is " << name_of(t.to);
    }
  });
  // The time is up while some are ill or cut off: wait until that is over, and flapping forgiven.
  simulation.run_until(kStart + kLength + minutes(10));
  for (const auto& [ref, verdict] : simulation.judge().verdicts().backends)
    EXPECT_EQ(verdict.state, State::kUp) << ref.backend;
  return watch.isolations;
}

TEST(Worlds, WhoIsWellIsUpAndWhoWasIllComesBack) {
  size_t isolations = 0;
  for (uint32_t seed = 1; seed <= 300; seed++) {
    isolations += run(seed);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  fmt::print("cut off {} times in 300 worlds\n", isolations);
  EXPECT_GT(isolations, 100u);
}

}  // namespace
}  // namespace sluice::health::test
