// SPDX-License-Identifier: Apache-2.0
// Counts what a CPU does between two points for the thread that is pinned to it, and for the kernel
// threads that finish its network traffic.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "program/meter.h"

namespace sluice::bench {

// Time: the kernel's accounting of the calling thread, on whose account what its packets cause in
// interrupt context runs, and of ksoftirqd. Instructions and cycles: whatever the CPU did, where it
// has counters.
class CpuMeter {
 public:
  // For the calling thread, which stays on `cpu`.
  static Result<CpuMeter> open(int cpu);

  bool has_hardware() const { return cycles_.valid(); }
  // Why there are no hardware counters; empty if there are.
  const std::string& why_not() const { return why_not_; }

  Result<void> start();
  Result<Reading> stop();

 private:
  CpuMeter() = default;
  Result<void> open_hardware(int cpu);
  Result<Reading> read_all() const;

  UniqueFd cycles_, instructions_;
  UniqueFd softirq_;  // /proc/PID/schedstat of ksoftirqd; not valid where it cannot be seen
  std::string why_not_;
  Reading at_start_;
};

}  // namespace sluice::bench
