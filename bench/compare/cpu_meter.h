// SPDX-License-Identifier: Apache-2.0
// Counts what a CPU does between two points for the thread that is pinned to it, and for the kernel
// threads that finish its network traffic.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "program/meter.h"

namespace sluice::bench {

// Time: that in which the calling thread or ksoftirqd was on the CPU, by perf's clocks of tasks.
// What packets cause in interrupt context is in it, on whosever account the kernel writes that
// down: with CONFIG_IRQ_TIME_ACCOUNTING on nobody's. Instructions and cycles: whatever the CPU did,
// where it has counters.
class CpuMeter {
 public:
  // For the calling thread, which stays on `cpu`. An Error without perf events.
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
  UniqueFd thread_;   // clocks
  UniqueFd softirq_;  // not valid where ksoftirqd cannot be seen
  std::string why_not_;
  Reading at_start_;
};

}  // namespace sluice::bench
