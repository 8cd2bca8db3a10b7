// SPDX-License-Identifier: Apache-2.0
#include "daemon/leftovers.h"

#include <gtest/gtest.h>

#include "daemon/traffic_watch.h"
#include "plan/example.h"
#include "plan/history.h"

namespace sluice::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const IpAddress kBe1 = ip("203.0.113.11"), kBe2 = ip("203.0.113.12");

// What is live of an example, as time goes by.
struct World {
  Example example;
  History history;
  Time now{seconds(1000)};
  Capacity capacity = example.capacity();

  World() { publish(); }
  void publish(const Conditions& conditions = {}) {
    History::Next next = history.next(example.config, example.hops, {}, now, conditions);
    Plan plan = *make_plan(history.live(), std::move(next.image), capacity);
    history.go_live(history.after(plan, example.config, std::move(next.leaving), now), now);
  }
  api::Remaining remaining(const IpAddress& backend, const Sweep* sweep = nullptr) {
    return Leftovers(example.config, history.live()).remaining_of("web", backend, sweep, now);
  }
  // Slots that lead to the backend now, counted by themselves.
  uint64_t slots_of(const IpAddress& backend) const {
    const Slots& slots = history.live().image.services.at(0).tcp;
    uint64_t n = 0;
    for (const uint32_t word : *slots.ring)
      n += slots.backends.at(sluice_slot_current(word)) == backend;
    return n;
  }
};

TEST(Leftovers, OfABackendThatIsDrainedAreTheSlotsOfItsWindow) {
  World world;
  const uint64_t before = world.slots_of(kBe2);
  ASSERT_GT(before, 0u);
  EXPECT_EQ(world.remaining(kBe2).slots, before);
  EXPECT_EQ(world.remaining(kBe2).window_ends_in, 0) << "nobody takes them away";
  world.publish({{{"web", world.example.config.pools["web"].backends[1].name}, {.weight = 0}}});
  ASSERT_EQ(world.slots_of(kBe2), 0u);
  EXPECT_EQ(world.remaining(kBe2).slots, before);
  EXPECT_EQ(world.remaining(kBe1).slots, world.slots_of(kBe1) - before) << "in windows, not its";
  const double window = double(world.example.config.drain.count());
  EXPECT_NEAR(world.remaining(kBe2).window_ends_in, window, 1);
  world.now += world.example.config.drain / 2;
  EXPECT_NEAR(world.remaining(kBe2).window_ends_in, window / 2, 1);
  world.now += world.example.config.drain;
  world.publish({{{"web", world.example.config.pools["web"].backends[1].name}, {.weight = 0}}});
  EXPECT_EQ(world.remaining(kBe2).slots, 0u);
}

TEST(Leftovers, FlowsAreThoseOfAllItsNumbers) {
  World world;
  const uint32_t first = world.history.live().members.at({"shop", kBe2, InnerFamily::kV4}).index;
  world.example.hops[kBe2].ifindex = 9;  // another head, another number
  world.publish();
  const uint32_t second = world.history.live().members.at({"shop", kBe2, InnerFamily::kV4}).index;
  ASSERT_NE(first, second);
  const uint32_t other = world.history.live().members.at({"shop", kBe1, InnerFamily::kV4}).index;
  Sweep sweep = {.began = world.now};
  sweep.members[first] = {.living = 3, .closing = 1};
  sweep.members[second] = {.living = 40, .closing = 10};
  sweep.members[other] = {.living = 500, .closing = 100};
  EXPECT_EQ(world.remaining(kBe2, &sweep).flows, 43u);
  EXPECT_EQ(world.remaining(kBe2, &sweep).closing, 11u);
  EXPECT_TRUE(world.remaining(kBe2, &sweep).known);
  EXPECT_FALSE(world.remaining(kBe2).known) << "no round is whole yet";
}

TEST(Leftovers, APoolThatNobodyUsesHasNothing) {
  World world;
  Leftovers leftovers(world.example.config, world.history.live());
  EXPECT_EQ(leftovers.services_of("web"), std::vector<std::string>{"shop"});
  EXPECT_TRUE(leftovers.services_of("nobody's").empty());
  EXPECT_EQ(leftovers.remaining_of("nobody's", kBe2, nullptr, world.now).slots, 0u);
}

TEST(TrafficWatch, SaysHowLongNothingWasSent) {
  TrafficWatch watch;
  Time now{seconds(50)};
  EXPECT_EQ(watch.find(kBe1, "web"), nullptr);
  watch.note(kBe1, "web", 1000, now);
  watch.note(kBe1, "web", 3000, now += seconds(2));
  ASSERT_NE(watch.find(kBe1, "web"), nullptr);
  EXPECT_EQ(watch.find(kBe1, "other"), nullptr);
  EXPECT_DOUBLE_EQ(watch.find(kBe1, "web")->per_second, 1000);
  const Time moved = now;
  watch.note(kBe1, "web", 3000, now += seconds(1));
  watch.note(kBe1, "web", 3000, now += seconds(1));
  EXPECT_EQ(watch.find(kBe1, "web")->moved, moved);
  EXPECT_DOUBLE_EQ(watch.find(kBe1, "web")->per_second, 0);
  // Too soon to be a rate; what it saw comes with the next look.
  watch.note(kBe1, "web", 3001, now + milliseconds(100));
  EXPECT_EQ(watch.find(kBe1, "web")->moved, moved);
  watch.note(kBe1, "web", 3001, now += seconds(1));
  EXPECT_EQ(watch.find(kBe1, "web")->moved, now);
  // Counters of a new data plane.
  watch.note(kBe1, "web", 5, now += seconds(1));
  EXPECT_EQ(watch.find(kBe1, "web")->packets, 5u);
  EXPECT_EQ(watch.find(kBe1, "web")->moved, now) << "it is not known how long";
  watch.forget_before(now + seconds(1));
  EXPECT_EQ(watch.find(kBe1, "web"), nullptr);
}

}  // namespace
}  // namespace sluice::test
