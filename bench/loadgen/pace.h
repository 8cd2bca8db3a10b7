// SPDX-License-Identifier: Apache-2.0
// How many packets are due.
#pragma once

#include <algorithm>
#include <cstdint>

#include "loadgen/interval.h"

namespace sluice::loadgen {

// Packets at a steady rate. What could not be sent for more than 10 ms is not made up for: it would
// be a burst that nobody asked for.
class Pace {
 public:
  // `per_second` 0: as many as go.
  explicit Pace(double per_second) : rate_(per_second / double(kSecond)) {}

  // At `now` nanoseconds since the start; never more than `most`.
  unsigned due(uint64_t now, unsigned most) {
    if (rate_ == 0) return most;
    const double begun = double(now) * rate_ + 1;  // the first one at once
    done_ = std::max(done_, begun - std::max(kForgiven * rate_, double(most)));
    return unsigned(std::clamp(begun - done_, 0.0, double(most)));
  }
  void sent(unsigned n) { done_ += n; }
  // Nanoseconds from `now` until one more is due.
  uint64_t wait(uint64_t now) const {
    if (rate_ == 0) return 0;
    const double at = done_ / rate_;
    return at > double(now) ? uint64_t(at - double(now)) : 0;
  }

 private:
  static constexpr double kForgiven = 10e6;  // nanoseconds
  double rate_, done_ = 0;
};

}  // namespace sluice::loadgen
