// SPDX-License-Identifier: Apache-2.0
// Whose turn it is to send.
#pragma once

#include <cstdint>
#include <optional>

#include "loadgen/random.h"
#include "loadgen/traffic.h"
#include "loadgen/zipf.h"

namespace sluice::loadgen {

class Turns {
 public:
  explicit Turns(const Traffic& traffic);

  // The number of a flow, or kFlood. `new_flows` is how many have begun since the start: the n-th
  // of them has number flows + n, and takes the place of number n.
  uint32_t next(uint64_t new_flows);

 private:
  uint64_t next_place();

  uint64_t flows_;
  uint64_t stride_, place_ = 0;  // in turn: every place once before any comes again
  std::optional<Zipf> zipf_;
  Random random_;
  double flood_, flood_due_ = 0;
};

}  // namespace sluice::loadgen
