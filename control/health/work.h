// SPDX-License-Identifier: Apache-2.0
// What the prober is given to do, and what comes of it: values.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "health/probe/probe.h"

namespace sluice::health {

using Time = std::chrono::steady_clock::time_point;  // CLOCK_MONOTONIC

// A target as it is probed now. Its way may change (members are numbered anew); what it is asked
// may, too. Its number must not.
struct Work {
  uint64_t target = 0;
  Check check;
  Way way;
};

// A probe that has come to its outcome.
struct Finished {
  uint64_t target = 0;
  Outcome outcome;
  Time started, ended;
  bool once_more = false;  // it was asked beside its rounds, by ask_now()
};

// Upper bounds of how late probes are started; those that are later have a place of their own.
inline constexpr std::array<std::chrono::milliseconds, 4> kLateness = {
    std::chrono::milliseconds(2), std::chrono::milliseconds(10), std::chrono::milliseconds(100),
    std::chrono::milliseconds(1000)};

struct ProberStatistics {
  std::array<uint64_t, kLateness.size() + 1> started = {};  // probes, by how late they were
  std::chrono::nanoseconds most_late{0};
  uint64_t left_out = 0;  // rounds that would have been too late
  uint64_t unknown = 0;   // outcomes
  uint64_t lost = 0;      // outcomes that nobody has fetched in time
  size_t under_way = 0;   // probes
};

}  // namespace sluice::health
