// SPDX-License-Identifier: Apache-2.0
// What weights do to rings: a backend that flaps, or comes up slowly, is no matter for the others.
#include <gtest/gtest.h>

#include <algorithm>

#include "health/conditions.h"
#include "health/simulation.h"
#include "maglev/maglev.h"

namespace sluice::health::test {
namespace {

constexpr uint32_t kSlots = 65537;
constexpr size_t kBackends = 10;
using Slots = std::vector<uint16_t>;

Slots ring_of(const Pool& pool, const Conditions& conditions) {
  std::vector<RingBackend> backends;
  for (const Backend& b : pool.backends) {
    const auto it = conditions.find({pool.name, b.name});
    backends.push_back({.id = b.address.to_string(),
                        .weight = it == conditions.end() ? b.weight : it->second.weight});
  }
  return maglev_ring(backends, kSlots, "seed");
}

// Slots that went from one backend to another, neither of which is `culprit`.
size_t moved_among_others(const Slots& before, const Slots& after, uint16_t culprit) {
  size_t moved = 0;
  for (size_t i = 0; i < before.size(); i++)
    moved += before[i] != after[i] && before[i] != culprit && after[i] != culprit;
  return moved;
}

// What the ring of a pool does while its backend 0 flaps.
struct Ring {
  Pool pool;
  Config config;
  Slots slots;
  std::set<Slots> all;
  size_t changes = 0, moved = 0;

  explicit Ring(const Pool& p) : pool(p), config(test::config(p)), slots(ring_of(p, {})) {
    all.insert(slots);
  }
  void follow(const Verdicts& verdicts, Time now) {
    Slots next = ring_of(pool, health_of(config, verdicts, {}, now).conditions);
    if (next == slots) return;
    changes++;
    moved += moved_among_others(slots, next, 0);
    slots = std::move(next);
    all.insert(slots);
  }
};

// Backend 0 is well for half of `period`, and ill for the other half.
Ring flap(const Check& check, Duration period) {
  Pool p = pool(kBackends);
  p.check = check;
  Ring ring(p);
  const auto world = [&](size_t target, Time asked) -> Simulation::Reply {
    const bool ill = target == 0 && (asked - kStart) % period >= period / 2;
    return ill ? Simulation::Reply{refusal(), milliseconds(1)}
               : Simulation::Reply{good(), milliseconds(1)};
  };
  Simulation simulation(targets(kBackends, check), world, /*seed=*/1, check.every / 4);
  simulation.run_until(kStart + minutes(10), [&](const Findings& f) {
    for (const Transition& t : f.transitions) EXPECT_EQ(t.name, "web/be0 tcp 80");
    if (f.changed) ring.follow(simulation.judge().verdicts(), simulation.now());
  });
  return ring;
}

// H2. The most sensitive rule and the default one; periods in intervals of a second.
TEST(Flapping, ChangesFewRingsAndMovesNoFlowsOfOthers) {
  for (const auto& [rise, fall] : {std::pair(1u, 1u), std::pair(2u, 3u)})
    for (const double intervals : {0.5, 1.0, 2.0, 5.0, 20.0}) {
      const Check check = {.probe = TcpCheck{},
                           .every = seconds(1),
                           .timeout = seconds(1),
                           .rise = rise,
                           .fall = fall};
      const Ring ring = flap(check, milliseconds(int(1000 * intervals)));
      fmt::print("rise {} fall {}, period {} x interval: {} changes in 600 s, {} rings\n", rise,
                 fall, intervals, ring.changes, ring.all.size());
      EXPECT_LE(ring.changes, 60u);
      // Two rings, with it and without it. Between them Maglev itself moves some slots of others;
      // they go back when it comes back.
      ASSERT_LE(ring.all.size(), 2u);
      if (ring.all.size() < 2) continue;
      const size_t once = moved_among_others(*ring.all.begin(), *ring.all.rbegin(), 0);
      EXPECT_EQ(ring.moved, ring.changes * once);
      EXPECT_LT(once, kSlots / 50);
    }
}

TEST(Flapping, EndsWithTheRingThatWas) {
  Pool p = pool(kBackends);
  Ring ring(p);
  const Slots before = ring.slots;
  const auto world = [&](size_t target, Time asked) -> Simulation::Reply {
    const bool ill =
        target == 0 && asked < kStart + minutes(5) && (asked - kStart) % seconds(30) < seconds(15);
    return ill ? Simulation::Reply{silence(), seconds(1)} : Simulation::Reply{good(), seconds(0)};
  };
  Simulation simulation(targets(kBackends), world);
  simulation.run_until(kStart + minutes(20), [&](const Findings& f) {
    if (f.changed) ring.follow(simulation.judge().verdicts(), simulation.now());
  });
  EXPECT_GT(ring.changes, 2u);
  EXPECT_EQ(ring.slots, before) << "not a byte is different";
}

TEST(SlowStart, MovesSlotsToTheBackendThatCameUpAndFewBesides) {
  Pool p = pool(kBackends);
  p.slow_start = seconds(30);
  Verdicts verdicts;
  for (size_t n = 0; n < kBackends; n++) verdicts.backends[user(n)] = {.since = kStart};
  verdicts.backends[user(0)] = {.state = State::kDown, .since = kStart};
  Ring ring(p);
  ring.follow(verdicts, kStart);
  ASSERT_EQ(std::ranges::count(ring.slots, 0), 0);
  verdicts.backends[user(0)] = {.since = kStart, .came_up = kStart};
  std::vector<size_t> shares;
  size_t moved = 0;
  for (std::optional<Time> next = kStart; next;
       next = health_of(ring.config, verdicts, {}, *next).next_due) {
    const size_t before = ring.moved;
    ring.follow(verdicts, *next);
    shares.push_back(size_t(std::ranges::count(ring.slots, 0)));
    moved = std::max(moved, ring.moved - before);
  }
  fmt::print("slow start: slots by step: {}; of others at most {} moved in a step, {} in all\n",
             fmt::join(shares, " "), moved, ring.moved);
  EXPECT_EQ(shares.size(), 10u);
  EXPECT_TRUE(std::ranges::is_sorted(shares));
  EXPECT_NEAR(double(shares.front()), kSlots / 91.0, 10);
  EXPECT_NEAR(double(shares.back()), kSlots / 10.0, 10);
  EXPECT_LT(moved, kSlots / 50);
}

}  // namespace
}  // namespace sluice::health::test
