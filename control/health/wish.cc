// SPDX-License-Identifier: Apache-2.0
#include "health/wish.h"

#include <algorithm>
#include <cmath>

namespace sluice::health {

namespace {

constexpr double kNewest = 0.3;  // the part of the last answer in the mean
constexpr double kLargest = 10;
constexpr uint32_t kStep = 5;    // percent
constexpr uint32_t kLeast = 10;  // a smaller difference, in percent of what is in force, is noise
constexpr std::chrono::seconds kPause(10);

uint32_t in_steps(double percent) {
  return std::max<uint32_t>(kStep, uint32_t(std::lround(percent / kStep)) * kStep);
}

// Not below half of what is in force, nor above twice that: one change moves no more flows.
uint32_t bounded(uint32_t wanted, uint32_t in_force) {
  const uint32_t half = (in_force / 2 + kStep - 1) / kStep * kStep;
  return std::clamp(wanted, std::max(half, kStep), in_force * 2);
}

}  // namespace

bool hear_wish(Wish& wish, std::optional<double> asked, Time now) {
  const double value = asked.value_or(1.0);
  if (!std::isfinite(value)) return false;
  wish.smoothed += kNewest * (std::clamp(value, 0.0, kLargest) - wish.smoothed);
  if (wish.applied && now - *wish.applied < kPause) return false;
  const uint32_t wanted = in_steps(wish.smoothed * 100);
  const uint32_t difference = wanted > wish.percent ? wanted - wish.percent : wish.percent - wanted;
  if (difference * 100 <= kLeast * wish.percent) return false;
  wish.percent = bounded(wanted, wish.percent);
  wish.applied = now;
  return true;
}

}  // namespace sluice::health
