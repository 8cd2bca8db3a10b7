// SPDX-License-Identifier: Apache-2.0
// When each target is probed. Pure: the time is an argument.
//
// A target's rounds are at phase + n * every on the monotonic clock, where the phase comes from its
// number alone. So ten thousand targets are spread evenly over the period, nothing drifts, and who
// else is in the set, or how often it is replaced, moves nobody.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::health {

using Time = std::chrono::steady_clock::time_point;  // CLOCK_MONOTONIC

// A target that is to be probed every so often.
struct Rhythm {
  uint64_t target = 0;
  std::chrono::nanoseconds every{0};  // more than 0
  std::chrono::nanoseconds lasts{0};  // a probe, at most
};

// A round that has come.
struct Round {
  uint64_t target = 0;
  Time due;
  Time following;  // when the target's next one is due
};

// A round is earlier or later than its phase says by up to this: several balancers whose phases
// happen to agree should not go on asking a backend in the same moment. It is small because what a
// round is late for lengthens the time to find a failure.
std::chrono::nanoseconds jitter_of(std::chrono::nanoseconds every);
// A round that is late by more than this is left out: after a stall of the thread no more than a
// tenth of all targets are asked at once (half of them, if they are asked five times a second or
// more often), and the others at their next round.
std::chrono::nanoseconds patience_of(std::chrono::nanoseconds every);
// The round with that number.
Time round_of(const Rhythm& rhythm, int64_t number);

class Schedule {
 public:
  // From now on these targets, which are distinct, and no others. One that was there with the same
  // rhythm keeps its next round. A new one is due once within the next second, or `every` if that
  // is less, and then at its rounds.
  void set(const std::vector<Rhythm>& targets, Time now);
  // When the next round is due; none without targets.
  std::optional<Time> next() const;
  // A round that is due at `now`, the oldest; each is given once.
  std::optional<Round> take(Time now);
  // Rounds that have been left out so far.
  uint64_t left_out() const { return left_out_; }

 private:
  struct Next {
    std::chrono::nanoseconds every, lasts;
    std::optional<int64_t> number;  // of the round; none: the first probe of a new target
    Time due;
  };
  void plan(uint64_t target, Next& next, int64_t number);

  std::unordered_map<uint64_t, Next> targets_;
  std::set<std::pair<Time, uint64_t>> queue_;  // of all targets
  uint64_t left_out_ = 0;
};

}  // namespace sluice::health
