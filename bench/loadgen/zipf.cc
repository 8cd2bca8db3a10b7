// SPDX-License-Identifier: Apache-2.0
#include "loadgen/zipf.h"

#include <algorithm>
#include <cmath>

namespace sluice::loadgen {

namespace {

// (e^x - 1) / x and log(1 + x) / x, which have their limits near 0.
double expm1_over(double x) {
  return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2;
}
double log1p_over(double x) {
  return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x / 2;
}

}  // namespace

Zipf::Zipf(uint64_t n, double exponent)
    : n_(double(n)),
      exponent_(exponent),
      from_(integral(1.5) - 1),
      to_(integral(n_ + 0.5)),
      shift_(2 - inverse(integral(2.5) - density(2))) {
}

double Zipf::density(double x) const {
  return std::exp(-exponent_ * std::log(x));
}

double Zipf::integral(double x) const {
  const double log = std::log(x);
  return expm1_over((1 - exponent_) * log) * log;
}

double Zipf::inverse(double area) const {
  const double t = std::max(-1.0, area * (1 - exponent_));
  return std::exp(log1p_over(t) * area);
}

uint64_t Zipf::operator()(Random& random) const {
  for (;;) {
    const double area = to_ + random.unit() * (from_ - to_);
    const double x = inverse(area);
    const double k = std::clamp(std::floor(x + 0.5), 1.0, n_);
    if (k - x <= shift_ || area >= integral(k + 0.5) - density(k)) return uint64_t(k) - 1;
  }
}

}  // namespace sluice::loadgen
