// SPDX-License-Identifier: Apache-2.0
#include "health/schedule.h"

#include <algorithm>

namespace sluice::health {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kMostJitter = std::chrono::milliseconds(10);
constexpr nanoseconds kLeastPatience = std::chrono::milliseconds(100);
constexpr nanoseconds kFirstWithin = std::chrono::seconds(1);

// Every bit of the result depends on every bit of `x` (the finalizer of splitmix64): targets may be
// numbered one after the other.
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

nanoseconds phase_of(const Rhythm& r) {
  return nanoseconds(mix(r.target) % uint64_t(r.every.count()));
}

nanoseconds first_delay(const Rhythm& r) {
  const nanoseconds within = std::min(r.every, kFirstWithin);
  return nanoseconds(mix(~r.target) % uint64_t(within.count()));
}

// The first round later than `when`.
int64_t round_after(const Rhythm& r, Time when) {
  // Jitter may move the round before the estimate behind `when`, too.
  const nanoseconds since = when.time_since_epoch() - phase_of(r) - jitter_of(r.every);
  int64_t number = since / r.every - 1;
  while (round_of(r, number) <= when) number++;
  return number;
}

}  // namespace

nanoseconds jitter_of(nanoseconds every) {
  return std::min(every / 20, kMostJitter);
}

nanoseconds patience_of(nanoseconds every) {
  return std::max(every / 10, std::min(every / 2, kLeastPatience));
}

Time round_of(const Rhythm& rhythm, int64_t number) {
  const int64_t most = jitter_of(rhythm.every).count();
  const uint64_t chance = mix(rhythm.target ^ mix(uint64_t(number)));
  const nanoseconds jitter(int64_t(chance % uint64_t(2 * most + 1)) - most);
  return Time(phase_of(rhythm) + number * rhythm.every + jitter);
}

void Schedule::set(const std::vector<Rhythm>& targets, Time now) {
  std::unordered_map<uint64_t, Next> before = std::move(targets_);
  targets_.clear();
  targets_.reserve(targets.size());
  queue_.clear();
  for (const Rhythm& r : targets) {
    const auto was = before.find(r.target);
    Next next;
    if (was == before.end())
      next = {.every = r.every, .lasts = {}, .number = {}, .due = now + first_delay(r)};
    else if (was->second.every == r.every)
      next = was->second;
    else
      next = {.every = r.every, .lasts = {}, .number = round_after(r, now), .due = {}};
    next.lasts = r.lasts;
    if (next.number) next.due = round_of(r, *next.number);
    if (targets_.emplace(r.target, next).second) queue_.emplace(next.due, r.target);
  }
}

std::optional<Time> Schedule::next() const {
  if (queue_.empty()) return {};
  return queue_.begin()->first;
}

std::optional<Round> Schedule::take(Time now) {
  while (!queue_.empty() && queue_.begin()->first <= now) {
    Round round{.target = queue_.begin()->second, .due = queue_.begin()->first, .following = {}};
    queue_.erase(queue_.begin());
    Next& next = targets_.at(round.target);
    const Rhythm rhythm{.target = round.target, .every = next.every};
    const nanoseconds patience = patience_of(next.every);
    const bool too_late = now - round.due > patience;
    // The next that can be kept, which may have come already.
    const Time from = too_late ? now - patience : now;
    // The first probe has come out of turn: it shall end before the next, and some rest follow it.
    const nanoseconds rest = std::max(next.every / 2, next.lasts);
    const int64_t following =
        round_after(rhythm, next.number ? from : std::max(from, round.due + rest));
    if (too_late) left_out_ += next.number ? uint64_t(following - *next.number) : 1;
    plan(round.target, next, following);
    round.following = next.due;
    if (!too_late) return round;
  }
  return {};
}

void Schedule::plan(uint64_t target, Next& next, int64_t number) {
  next.number = number;
  next.due = round_of({.target = target, .every = next.every}, number);
  queue_.emplace(next.due, target);
}

}  // namespace sluice::health
