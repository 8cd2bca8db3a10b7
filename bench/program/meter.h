// SPDX-License-Identifier: Apache-2.0
// Counts what this thread costs between two points: instructions and cycles where the processor
// lets us count them, and time.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice::bench {

// Of everything this thread did, in user space and in the kernel.
struct Reading {
  double instructions = 0, cycles = 0;  // 0 without hardware counters
  double ns = 0;                        // on a CPU, waiting not included
};

class Meter {
 public:
  // For the calling thread. Without hardware counters it has the time alone.
  static Meter open();

  bool has_hardware() const { return cycles_.valid(); }
  // Why there are no hardware counters; empty if there are.
  const std::string& why_not() const { return why_not_; }

  Result<void> start();
  Result<Reading> stop();

 private:
  Meter() = default;
  Result<void> try_out();

  UniqueFd cycles_, instructions_;  // a group, led by the cycles
  std::string why_not_;
  uint64_t started_ns_ = 0;
};

}  // namespace sluice::bench
