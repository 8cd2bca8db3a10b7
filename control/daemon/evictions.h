// SPDX-License-Identifier: Apache-2.0
// How many flows the kernel has put out of its LRU tables for want of room. It does not say; but
// who came in, was not deleted and is not there has been evicted. Pure.
#pragma once

#include <array>
#include <cstdint>

#include "kernel/flow_tables.h"
#include "plan/sweep.h"

namespace sluice {

class Evictions {
 public:
  // What was counted when a round of the flow tables began ...
  void begin(const FlowEvents& events) { at_begin_ = events; }
  // ... and when it was over.
  void end(const FlowEvents& events, const Sweep& sweep);

  // By table; at least so many, and never less than before.
  const std::array<uint64_t, kFlowTables>& counts() const { return counts_; }

 private:
  FlowEvents at_begin_ = {};
  std::array<uint64_t, kFlowTables> counts_ = {};
};

}  // namespace sluice
