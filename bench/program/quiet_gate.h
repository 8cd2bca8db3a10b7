// SPDX-License-Identifier: Apache-2.0
// Lets a sample count only if the machine was quiet right before it and right after it.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>

#include "base/result.h"

namespace sluice::bench {

class QuietGate {
 public:
  // Costs the same whenever nobody disturbs: what it says tells whether somebody does.
  using Calibrator = std::function<Result<double>()>;

  static constexpr double kTolerance = 0.05;  // above the calibrator's best reading so far

  // A sample is taken up to `attempts` times.
  QuietGate(Calibrator calibrator, int attempts)
      : calibrator_(std::move(calibrator)), attempts_(attempts) {}

  template <class Sample>
  struct Passed {
    Sample sample;
    bool noisy;    // it was never quiet: this is the last attempt
    int attempts;  // it took
  };

  // Looks for the best reading, before the first sample is judged by it.
  Result<void> settle(int readings) {
    for (int i = 0; i < readings; i++)
      if (const Result<double> r = calibrate(); !r) return r.error();
    return {};
  }

  // Takes a sample again until it was quiet, and `is_whole`.
  template <class Sample>
  Result<Passed<Sample>> measure(
      const std::function<Result<Sample>()>& take,
      const std::function<bool(const Sample&)>& is_whole = [](const Sample&) { return true; }) {
    for (int attempt = 1;; attempt++) {
      const Result<double> before = calibrate();
      if (!before) return before.error();
      Result<Sample> sample = take();
      if (!sample) return sample.error();
      const Result<double> after = calibrate();
      if (!after) return after.error();
      const bool noisy = std::max(*before, *after) > best_ * (1 + kTolerance);
      if ((!noisy && is_whole(*sample)) || attempt >= attempts_)
        return Passed<Sample>{std::move(*sample), noisy, attempt};
    }
  }

 private:
  Result<double> calibrate() {
    const Result<double> now = calibrator_();
    if (now && (best_ == 0 || *now < best_)) best_ = *now;
    return now;
  }

  Calibrator calibrator_;
  int attempts_;
  double best_ = 0;
};

}  // namespace sluice::bench
