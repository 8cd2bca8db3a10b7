// SPDX-License-Identifier: Apache-2.0
#include "loadgen/turns.h"

#include <numeric>

#include "loadgen/stamp.h"

namespace sluice::loadgen {

namespace {

// Near the golden section of `n`, and without a common divisor: neighbours are far apart.
uint64_t stride_for(uint64_t n) {
  uint64_t stride = uint64_t(double(n) * 0.618034) | 1;
  while (std::gcd(stride, n) != 1) stride++;
  return stride;
}

}  // namespace

Turns::Turns(const Traffic& traffic)
    : flows_(traffic.flows),
      stride_(stride_for(traffic.flows)),
      random_(traffic.seed),
      flood_(traffic.flood) {
  if (traffic.zipf > 0) zipf_.emplace(traffic.flows, traffic.zipf);
}

uint64_t Turns::next_place() {
  if (zipf_) return (*zipf_)(random_);
  place_ += stride_;
  if (place_ >= flows_) place_ %= flows_;
  return place_;
}

uint32_t Turns::next(uint64_t new_flows) {
  flood_due_ += flood_;
  if (flood_due_ >= 1) {
    flood_due_ -= 1;
    return kFlood;
  }
  const uint64_t place = next_place();
  if (new_flows <= place) return uint32_t(place);
  return uint32_t(place + flows_ * ((new_flows - place + flows_ - 1) / flows_));
}

}  // namespace sluice::loadgen
