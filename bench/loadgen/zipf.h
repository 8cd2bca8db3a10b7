// SPDX-License-Identifier: Apache-2.0
// Zipf's distribution over many elements, without a table of them.
#pragma once

#include <cstdint>

#include "loadgen/random.h"

namespace sluice::loadgen {

// Rank k of 1 .. n with a probability proportional to k^-exponent, by rejection-inversion
// (W. Hoermann, G. Derflinger: Rejection-inversion to generate variates from monotone discrete
// distributions, ACM TOMACS 6(3), 1996).
class Zipf {
 public:
  Zipf(uint64_t n, double exponent);
  // 0 is the most frequent one, n - 1 the rarest.
  uint64_t operator()(Random& random) const;

 private:
  double density(double x) const;
  double integral(double x) const;
  double inverse(double area) const;

  double n_, exponent_, from_, to_, shift_;
};

}  // namespace sluice::loadgen
