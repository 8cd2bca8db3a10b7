// SPDX-License-Identifier: Apache-2.0
#include "health/case.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace sluice::health {

namespace {

constexpr uint32_t kAskOnceMore = 2;  // after each bad answer
constexpr uint32_t kMostFlaps = 5;    // that count: 2^5 times as long
constexpr Duration kLongestHold = std::chrono::minutes(5);
constexpr Duration kShortestQuiet = std::chrono::minutes(1);

// How long a target stays down that went down again so often soon after it had come up.
Duration hold_of(uint32_t flaps, const Check& check) {
  if (flaps == 0) return Duration(0);
  const Duration rise = Duration(check.every) * std::max(check.rise, 1u);
  return std::min(rise * (1u << std::min(flaps, kMostFlaps)), kLongestHold);
}

// What goes down sooner than this after it came up, flaps.
Duration quiet_of(uint32_t flaps, const Check& check) {
  const Duration fall = Duration(check.every) * check.fall;
  return std::max({kShortestQuiet, 4 * fall, 2 * hold_of(flaps, check)});
}

// One flap is forgotten for each quiet time that it stayed up. If it did not stay that long, this
// is one more.
uint32_t flaps_after(uint32_t flaps, Duration up_for, const Check& check) {
  if (up_for < quiet_of(flaps, check)) return std::min(flaps + 1, kMostFlaps);
  for (; flaps > 0 && up_for >= quiet_of(flaps, check); flaps--) up_for -= quiet_of(flaps, check);
  return flaps;
}

Time dead_at(const Case& c) {
  return c.kept_from + c.target.check.hold_down;
}

std::string in_a_row(uint32_t n, const char* what) {
  return fmt::format("{} {} answer{}", n, what, n == 1 ? "" : "s in a row");
}

std::optional<Ruling> ruling_on_new(const Case& c) {
  if (c.good > 0) return Ruling{State::kUp, "its first good answer"};
  if (c.bad >= c.target.check.fall) return Ruling{State::kDown, in_a_row(c.bad, "bad")};
  // What we cannot ask is nobody's fault but ours.
  if (c.unknown >= c.target.check.fall) return Ruling{State::kUp, "it cannot be asked"};
  return std::nullopt;
}

std::optional<Ruling> ruling_on_down(const Case& c, Time now) {
  if (c.good >= c.target.check.rise && (!c.held_until || now >= *c.held_until))
    return Ruling{State::kUp, c.held_until ? "well, and held down long enough for its flapping"
                                           : in_a_row(c.good, "good")};
  if (c.state == State::kDown && now >= dead_at(c))
    return Ruling{State::kDead,
                  fmt::format("no good answer for {} s", c.target.check.hold_down.count())};
  return std::nullopt;
}

void hear_good(Case& c, Asked asked, Time now) {
  c.bad = c.unknown = c.once_more = 0;
  c.kept_from = now;  // who answers now and then keeps its flows, however long it is held down
  c.proven = true;
  // `rise` wants answers that are apart.
  if (asked == Asked::kOnSchedule) c.good++;
}

void hear_bad(Case& c, Asked asked, Time now) {
  c.unknown = 0;
  if (asked == Asked::kOnceMore) return;
  c.good = c.once_more = 0;
  if (c.bad++ == 0) c.bad_since = now;
}

}  // namespace

const char* name_of(State state) {
  switch (state) {
    case State::kNew:
      return "new";
    case State::kUp:
      return "up";
    case State::kDown:
      return "down";
    case State::kDead:
      return "dead";
  }
  return "?";
}

bool hear(Case& c, const Outcome& outcome, Asked asked, Time now) {
  c.last = printable(outcome.text);
  switch (outcome.answer) {
    case Answer::kGood:
      hear_good(c, asked, now);
      return hear_wish(c.wish, outcome.weight, now);
    case Answer::kBad:
      hear_bad(c, asked, now);
      break;
    case Answer::kUnknown:
      c.unknown++;
      break;
  }
  return false;
}

bool ask_once_more(Case& c) {
  const bool in_doubt = c.state == State::kUp && c.bad > 0 && c.bad < c.target.check.fall;
  if (!in_doubt || c.once_more >= kAskOnceMore) return false;
  c.once_more++;
  return true;
}

std::optional<Ruling> ruling(const Case& c, Time now) {
  switch (c.state) {
    case State::kNew:
      return ruling_on_new(c);
    case State::kUp:
      if (c.bad >= c.target.check.fall) return Ruling{State::kDown, in_a_row(c.bad, "bad")};
      break;
    case State::kDown:
    case State::kDead:
      return ruling_on_down(c, now);
  }
  return std::nullopt;
}

std::optional<Time> due(const Case& c) {
  if (c.state != State::kDown && c.state != State::kDead) return std::nullopt;
  std::optional<Time> at;
  if (c.state == State::kDown) at = dead_at(c);
  if (c.held_until && c.good >= c.target.check.rise)
    at = at ? std::min(*at, *c.held_until) : c.held_until;
  return at;
}

Transition enter(Case& c, const Ruling& ruling, Time now) {
  const State from = std::exchange(c.state, ruling.state);
  const Transition transition = {.target = c.target.id,
                                 .name = c.target.name,
                                 .users = c.target.users,
                                 .from = from,
                                 .to = ruling.state,
                                 .cause = ruling.cause,
                                 .last = c.last,
                                 .at = now,
                                 .lasted = now - c.since};
  c.since = now;
  if (ruling.state == State::kDown) c.kept_from = now;
  if (ruling.state == State::kUp) {
    c.came_up = now;
    c.held_until.reset();
  }
  if (from == State::kUp) {
    // What has been up from the beginning has not come up soon before.
    if (c.came_up) c.flaps = flaps_after(c.flaps, now - *c.came_up, c.target.check);
    if (c.flaps > 0) c.held_until = now + hold_of(c.flaps, c.target.check);
  }
  return transition;
}

Verdict verdict_of(const Case& c) {
  return {.state = c.state,
          .since = c.since,
          .came_up = c.came_up,
          .held_until = c.held_until,
          .dead_at = c.state == State::kDown ? std::optional<Time>(dead_at(c)) : std::nullopt,
          .percent = c.wish.percent,
          .last = c.last,
          .good = c.good,
          .bad = c.bad,
          .unknown = c.unknown};
}

}  // namespace sluice::health
