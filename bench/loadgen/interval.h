// SPDX-License-Identifier: Apache-2.0
// What became of the packets that were sent within a second, or in all.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "loadgen/histogram.h"

namespace sluice::loadgen {

inline constexpr uint64_t kSecond = 1'000'000'000;  // in nanoseconds

struct Interval {
  uint64_t second = 0;  // since the start
  uint64_t sent = 0;
  uint64_t received = 0;  // duplicates and all
  uint64_t duplicated = 0, reordered = 0, undecided = 0;
  uint64_t misrouted = 0, moved = 0;
  uint64_t corrupt = 0, foreign = 0;  // of these nobody knows when they were sent: when they came
  Histogram latency;                  // nanoseconds

  // Sent, and not among those that arrived. Those of whom it is undecided whether they arrived
  // twice count as lost.
  uint64_t lost() const {
    const uint64_t arrived = received - duplicated - undecided;
    return sent > arrived ? sent - arrived : 0;
  }
  Interval& operator+=(const Interval& other);
};

// The seconds that are not yet over and done with.
class Seconds {
 public:
  // What comes for one that is settled counts for the oldest that is not.
  Interval& of(uint64_t second);
  // Takes all before `second`.
  std::vector<Interval> take_until(uint64_t second);
  // Takes all.
  std::vector<Interval> take_rest();

 private:
  std::deque<Interval> open_;
  uint64_t first_ = 0;
};

}  // namespace sluice::loadgen
