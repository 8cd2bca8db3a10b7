// SPDX-License-Identifier: Apache-2.0
// What stands for many samples of one thing.
#pragma once

#include <vector>

namespace sluice::bench {

// The value below which `share` (0 to 1) of them lie, between two of them by proportion.
// `samples` is not empty.
double quantile(std::vector<double> samples, double share);

inline double median(const std::vector<double>& samples) {
  return quantile(samples, 0.5);
}

// The interquartile range: how far apart the middle half of them lie.
inline double spread(const std::vector<double>& samples) {
  return quantile(samples, 0.75) - quantile(samples, 0.25);
}

}  // namespace sluice::bench
