// SPDX-License-Identifier: Apache-2.0
// FLOWS.md's ten properties, each over random schedules.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>

#include "flow/options.h"
#include "flow/player.h"

namespace sluice::test {
namespace {

constexpr uint32_t kLarge = 8192, kSmall = 64;  // entries of all tables

// A world takes a while to load, and is as good as new after begin().
World& world(uint32_t flows) {
  static std::map<uint32_t, std::unique_ptr<World>> worlds;
  std::unique_ptr<World>& w = worlds[flows];
  if (!w) w = std::make_unique<World>(flows);
  return *w;
}

const Traffic& traffic() {
  static const Traffic all(hash_key_from_seed(World::kSeed));
  return all;
}

struct Property {
  Profile profile = {};
  Checks checks = {};
  uint32_t tables = kLarge;
  uint64_t schedules = 300;  // unless the command line says how many

  Player player() const { return Player(world(tables), traffic(), profile, checks); }
  uint64_t count() const { return options().schedules ? options().schedules : schedules; }
};

// Says how it went wrong in as few words as there are.
void explain(const Property& p, const Schedule& schedule, const std::string& wrong) {
  Player player = p.player();
  const Schedule least =
      shrink(schedule, [&](const Schedule& s) { return player.play(s).wrong.has_value(); });
  std::string story;
  for (const std::string& line : player.play(least, true).log) story += line + "\n";
  ADD_FAILURE() << wrong << "\n--seed=" << schedule.seed << " --schedules=1; W is "
                << schedule.drain.count() << " s, " << schedule.backends << " backends, "
                << (schedule.always ? "tracked always" : "tracked adaptively") << "\n"
                << story;
}

// What two balancers do not agree about: the first slot.
std::string difference(const Schedule& s, const Played& one, const Played& other) {
  for (const Played* played : {&one, &other})
    if (played->wrong) return fmt::format("{}; --seed={}", *played->wrong, s.seed);
  for (size_t change = 0; change < one.history.size(); change++)
    for (size_t i = 0; i < one.history[change].size(); i++) {
      const SlotSeen &a = one.history[change][i], &b = other.history[change][i];
      if (a == b) continue;
      return fmt::format(
          "--seed={}: after change {} slot {} is {}'s, before {}'s, here, and {}'s, "
          "before {}'s, there; the ends are {} ns apart",
          s.seed, change, i, name_of(a.current), name_of(a.previous), name_of(b.current),
          name_of(b.previous), std::chrono::nanoseconds(b.end - a.end).count());
    }
  return fmt::format("--seed={}: not the same changes", s.seed);
}

void report(const Totals& t, uint64_t wrong, std::chrono::steady_clock::time_point begin) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  fmt::print(
      "{} wrong of {} schedules: {} packets, {} of them kept from where the hash leads, {} flows, ",
      wrong, t.schedules, t.packets, t.kept, t.flows);
  fmt::print("{} changes, {} rounds in {:.1f} s\n", t.changes, t.rounds, took.count());
}

void hold(const Property& p) {
  const auto begin = std::chrono::steady_clock::now();
  Player player = p.player();
  Totals totals;
  uint64_t wrong = 0;
  for (uint64_t i = 0; i < p.count(); i++) {
    const Schedule s = random_schedule(p.profile, options().seed + i);
    const Played played = player.play(s);
    totals += played.totals;
    if (played.wrong && ++wrong == 1 && !options().brief) explain(p, s, *played.wrong);
  }
  report(totals, wrong, begin);
  EXPECT_EQ(wrong, 0u);
}

TEST(Property1, NoFlowBreaksUnderAnyScheduleOrPaceOfSweeps) {
  hold({.schedules = 1200});
}

TEST(Property2, UntrackedFlowsBelongToTheSlotsOwnerAfterEveryEvent) {
  hold({.checks = {.untracked = true}});
}

TEST(Property3, CleanSlotsHaveNoOtherEntriesAndTailsMakeNone) {
  hold({.checks = {.tables = true}});
}

TEST(Property4, SlotsKeepTheOldestPreviousAndCloseWhenItIsBackOrDead) {
  hold({.profile = {.operations = 60, .acts = {30, 40, 20, 10, 0}}, .checks = {.slots = true}});
}

TEST(Property5, WindowsAreTheSameUnderOtherTraffic) {
  const Property p = {.profile = {.acts = {60, 20, 14, 6, 0}}};
  const auto begin = std::chrono::steady_clock::now();
  Player player = p.player();
  Totals totals;
  uint64_t wrong = 0;
  for (uint64_t i = 0; i < p.count(); i++) {
    const Schedule s = random_schedule(p.profile, options().seed + i);
    const Played one = player.play(s);
    const Played other = player.play(with_other_traffic(s, p.profile, s.seed ^ uint64_t(1) << 63));
    totals += one.totals;
    totals += other.totals;
    if (one.wrong || other.wrong || one.history != other.history)
      if (++wrong == 1) ADD_FAILURE() << difference(s, one, other);
  }
  report(totals, wrong, begin);
  EXPECT_EQ(wrong, 0u);
}

TEST(Property6, RefusedSynsGoToPreviousAndNothingIsEvictedFromNew) {
  // What comes and goes while a round is under way makes its count of half-open flows a guess.
  hold({.profile = {.acts = {60, 8, 8, 4, 20}, .whole_rounds = true},
        .checks = {.full = true},
        .tables = kSmall});
}

// Flows that close, are reset and opened by forgery, while their slots change.
TEST(Property7, TrackedFlowsStayThroughFinAndForgedRstAndSyn) {
  const Manners manners = {
      .half_open = {5, 90, 0, 0, 5}, .open = {20, 50, 10, 15, 5}, .closing = {0, 90, 5, 0, 5}};
  hold({.profile = {.flows = 8, .manners = manners, .udp = false}, .checks = {.untracked = true}});
}

TEST(Property8, RepeatedSynsKeepTheirMember) {
  const Manners manners = {
      .half_open = {90, 10, 0, 0, 0}, .open = {0, 50, 50, 0, 0}, .closing = {100, 0, 0, 0, 0}};
  hold({.profile = {.flows = 8, .manners = manners, .udp = false, .handshakes_in_10 = 0},
        .checks = {.untracked = true}});
}

TEST(Property9, NoWindowIsThePureHash) {
  hold({.profile = {.changes = {16, 14, 8, 8, 14, 8, 8, 6, 10, 0, 5},
                    .drains = {0},
                    .always_in_10 = 0},
        .checks = {.pure_hash = true}});
}

TEST(Property10, BackendsThatDieAndComeBackWithinASweepBreakNothing) {
  hold({.profile = {.acts = {70, 14, 6, 4, 1}, .changes = {10, 10, 4, 4, 8, 24, 28, 4, 4, 4, 4}},
        .checks = {.untracked = true, .tables = true}});
}

}  // namespace
}  // namespace sluice::test
