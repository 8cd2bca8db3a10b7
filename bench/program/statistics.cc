// SPDX-License-Identifier: Apache-2.0
#include "program/statistics.h"

#include <algorithm>
#include <cmath>

namespace sluice::bench {

double quantile(std::vector<double> samples, double share) {
  std::ranges::sort(samples);
  const double place = share * double(samples.size() - 1);
  const size_t below = size_t(std::floor(place));
  const size_t above = std::min(below + 1, samples.size() - 1);
  return samples[below] + (samples[above] - samples[below]) * (place - double(below));
}

}  // namespace sluice::bench
