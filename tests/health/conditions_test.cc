// SPDX-License-Identifier: Apache-2.0
// Verdicts and operators -> weights.
#include "health/conditions.h"

#include <gtest/gtest.h>

#include "health/subjects.h"

namespace sluice::health::test {
namespace {

// A pool "web" with a backend for each letter: new, up, down, x (dead).
struct World {
  Config config;
  Verdicts verdicts;
  Overrides overrides;
  Time now = kStart;

  explicit World(const std::string& letters) : config(test::config(test::pool(letters.size()))) {
    for (size_t n = 0; n < letters.size(); n++)
      verdicts.backends[user(n)] = {.state = letters[n] == 'n'   ? State::kNew
                                             : letters[n] == 'u' ? State::kUp
                                             : letters[n] == 'd' ? State::kDown
                                                                 : State::kDead,
                                    .since = kStart};
  }
  Pool& pool() { return config.pools.at("web"); }
  void order(size_t n, Order order, std::optional<Time> until = {}) {
    overrides.backends[user(n)] = {order, until};
  }
  Health health() const { return health_of(config, verdicts, overrides, now); }
  PoolHealth of_pool() const { return health().pools.at("web"); }
  // Weights, and "!" behind those whose flows are lost.
  std::string weights() const {
    const Conditions conditions = health().conditions;
    std::string text;
    for (const Backend& b : config.pools.at("web").backends) {
      const auto it = conditions.find({"web", b.name});
      const Condition c = it == conditions.end() ? Condition{.weight = b.weight} : it->second;
      text += fmt::format("{}{}{}", text.empty() ? "" : " ", c.weight, c.dead ? "!" : "");
    }
    return text;
  }
};

TEST(Conditions, FollowVerdicts) {
  EXPECT_EQ(World("uuuu").weights(), "100 100 100 100");
  EXPECT_EQ(World("uudx").weights(), "100 100 0 0!");
  EXPECT_EQ(World("uuun").weights(), "100 100 100 0");
}

TEST(Conditions, AreOnlyThoseThatDiffer) {
  EXPECT_TRUE(World("uuuu").health().conditions.empty());
  EXPECT_EQ(World("uuud").health().conditions.size(), 1u);
  World unchecked("uu");
  unchecked.verdicts = {};
  EXPECT_TRUE(unchecked.health().conditions.empty());
  EXPECT_EQ(unchecked.of_pool().healthy, 2u) << "who is not checked is taken for healthy";
}

TEST(Conditions, AConfiguredWeightOf0Stays) {
  World w("uuud");
  w.pool().backends[0].weight = 0;
  w.order(0, Order::kReady);
  EXPECT_EQ(w.weights(), "0 100 100 0");
  EXPECT_EQ(w.of_pool(), (PoolHealth{.healthy = 2, .total = 3}));
}

TEST(Panic, IsFewerThanTheShare) {
  const std::pair<const char*, bool> cases[] = {{"uuuu", false}, {"uudd", false}, {"uddx", true},
                                                {"dddd", true},  {"d", true},     {"ud", false},
                                                {"udd", true},   {"u", false}};
  for (const auto& [letters, panic] : cases) {
    EXPECT_EQ(World(letters).of_pool().panic, panic) << letters;
  }
}

TEST(Panic, UsesAllAsConfigured) {
  World w("udxx");
  w.pool().backends[1].weight = 7;
  w.verdicts.backends[user(0)].percent = 50;
  w.verdicts.backends[user(0)].came_up = kStart;
  w.pool().slow_start = seconds(30);
  EXPECT_EQ(w.weights(), "100 7 100 100");
}

TEST(Panic, IsOffAt0AndAlwaysOnBelow100) {
  World w("dddx");
  w.pool().panic = 0;
  EXPECT_EQ(w.weights(), "0 0 0 0!");
  World most("uuud");
  most.pool().panic = 100;
  EXPECT_EQ(most.weights(), "100 100 100 100");
}

TEST(Panic, DoesNotCountNorUseWhatOperatorsHaveTakenOut) {
  World w("uudd");
  w.order(0, Order::kDrain);
  EXPECT_EQ(w.of_pool(), (PoolHealth{.healthy = 1, .total = 3, .panic = true}));
  EXPECT_EQ(w.weights(), "0 100 100 100");
  w.order(2, Order::kDisable);
  EXPECT_EQ(w.of_pool(), (PoolHealth{.healthy = 1, .total = 2}));
  EXPECT_EQ(w.weights(), "0 100 0! 0");
}

TEST(Panic, IsNotForAPoolThatGrows) {
  World w("uunnnn");
  EXPECT_EQ(w.of_pool(), (PoolHealth{.healthy = 2, .total = 6, .fresh = 4}));
  EXPECT_EQ(w.weights(), "100 100 0 0 0 0");
}

TEST(Panic, UsesAllOfANewPoolUntilOneHasAnswered) {
  EXPECT_EQ(World("nnn").weights(), "100 100 100");
  EXPECT_EQ(World("unn").weights(), "100 0 0");
  EXPECT_EQ(World("dnn").weights(), "100 100 100");
  World strict("nnn");
  strict.pool().panic = 0;
  EXPECT_EQ(strict.weights(), "0 0 0");
}

TEST(Minimum, TakesTheServiceDown) {
  World w("uudx");
  w.pool().minimum = 3;
  EXPECT_EQ(w.weights(), "0 0 0 0!");
  EXPECT_TRUE(w.of_pool().below_minimum);
  w.pool().minimum = 2;
  EXPECT_EQ(w.weights(), "100 100 0 0!");
  EXPECT_FALSE(w.of_pool().below_minimum);
}

TEST(Minimum, WinsOverPanic) {
  World w("uddx");
  w.pool().minimum = 2;
  EXPECT_EQ(w.of_pool(),
            (PoolHealth{.healthy = 1, .total = 4, .panic = true, .below_minimum = true}));
  EXPECT_EQ(w.weights(), "0 0 0 0") << "none is dead: checks are not believed";
}

TEST(Minimum, CountsWhatIsUsed) {
  World w("uu");
  w.pool().minimum = 2;
  w.order(0, Order::kDrain);
  EXPECT_TRUE(w.of_pool().below_minimum);
  w.overrides = {};
  w.verdicts.backends[user(0)].state = State::kNew;
  EXPECT_TRUE(w.of_pool().below_minimum) << "a new one has to show that it is well";
  w.order(0, Order::kReady);
  EXPECT_FALSE(w.of_pool().below_minimum);
}

TEST(Overrides, DoWhatTheySay) {
  World w("uuux");
  w.order(0, Order::kDrain);
  w.order(1, Order::kDisable);
  w.order(3, Order::kReady);
  EXPECT_EQ(w.weights(), "0 0! 100 100");
}

TEST(Overrides, OfAServerAreForAllItsBackends) {
  World w("uuu");
  w.overrides.nodes[target(1).backend] = {.order = Order::kDrain};
  EXPECT_EQ(w.weights(), "100 0 100");
}

TEST(Overrides, TheStrongestCounts) {
  const std::pair<Order, Order> pairs[] = {{Order::kReady, Order::kDrain},
                                           {Order::kReady, Order::kDisable},
                                           {Order::kDrain, Order::kDisable}};
  for (const auto& [weaker, stronger] : pairs)
    for (const bool on_node : {false, true}) {
      Overrides o;
      o.backends[user(0)] = {.order = on_node ? weaker : stronger};
      o.nodes[target(0).backend] = {.order = on_node ? stronger : weaker};
      EXPECT_EQ(order_for(o, user(0), target(0).backend, kStart), stronger);
    }
  EXPECT_FALSE(order_for({}, user(0), target(0).backend, kStart));
}

TEST(Overrides, EndWhenTheyAreTo) {
  World w("uuu");
  w.order(0, Order::kDrain, kStart + seconds(600));
  w.overrides.nodes[target(1).backend] = {.order = Order::kDrain, .until = kStart + seconds(60)};
  EXPECT_EQ(w.weights(), "0 0 100");
  EXPECT_EQ(w.health().next_due, kStart + seconds(60));
  w.now = kStart + seconds(60);
  EXPECT_EQ(w.weights(), "0 100 100");
  EXPECT_EQ(w.health().next_due, kStart + seconds(600));
  w.now = kStart + seconds(600);
  EXPECT_EQ(w.weights(), "100 100 100");
  EXPECT_FALSE(w.health().next_due);
}

TEST(Weights, AreWhatTheBackendAsksFor) {
  World w("uuuu");
  w.verdicts.backends[user(0)].percent = 25;
  w.verdicts.backends[user(1)].percent = 1000;
  w.verdicts.backends[user(2)].percent = 5;
  w.pool().backends[1].weight = 1000;
  w.pool().backends[2].weight = 1;
  EXPECT_EQ(w.weights(), "25 1000 1 100") << "1 to 1000";
  w.order(0, Order::kReady);
  EXPECT_EQ(w.weights(), "100 1000 1 100");
}

TEST(SlowStart, GrowsIn9StepsToAllOfTheWeight) {
  World w("uu");
  w.pool().slow_start = seconds(90);
  w.verdicts.backends[user(0)].came_up = kStart;
  std::vector<std::string> all;
  for (int i = 0; i <= 100; i++) {
    w.now = kStart + seconds(i);
    const std::string weights = w.weights();
    if (all.empty() || all.back() != weights) all.push_back(weights);
    const std::optional<Time> next = w.health().next_due;
    ASSERT_EQ(next.has_value(), i < 90) << i;
    if (next) {
      EXPECT_EQ(*next, kStart + seconds(i / 10 * 10 + 10)) << i;
    }
  }
  EXPECT_EQ(all, (std::vector<std::string>{"10 100", "20 100", "30 100", "40 100", "50 100",
                                           "60 100", "70 100", "80 100", "90 100", "100 100"}));
}

TEST(SlowStart, IsNotForBackendsThatHaveAlwaysBeenUp) {
  World w("uu");
  w.pool().slow_start = seconds(90);
  EXPECT_EQ(w.weights(), "100 100");
}

TEST(PoolHealth, IsDescribed) {
  EXPECT_EQ(describe(World("uuud").of_pool()), "3 of 4 backends healthy");
  EXPECT_EQ(describe(World("uddn").of_pool()),
            "1 of 4 backends healthy, 1 new: too few for checks to be believed, all are used");
  World w("ud");
  w.pool().minimum = 2;
  EXPECT_EQ(describe(w.of_pool()),
            "1 of 2 backends healthy: fewer than the minimum, its services are down");
}

}  // namespace
}  // namespace sluice::health::test
