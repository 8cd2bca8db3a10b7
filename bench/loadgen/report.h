// SPDX-License-Identifier: Apache-2.0
// What became of a run's packets, for people and for scripts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "loadgen/checker.h"
#include "loadgen/interval.h"

namespace sluice::loadgen {

struct BackendShare {
  std::string address;  // MAC or IP
  uint64_t packets = 0;
  uint64_t flows = 0;  // that it has
};

struct Total {
  Interval all;
  double seconds = 0;        // of sending
  uint64_t flows = 0;        // that sent anything
  uint64_t flood = 0;        // SYNs of the flood
  uint64_t lossy_flows = 0;  // of which something is lost
  uint64_t misrouted_flows = 0;
  uint64_t unstamped = 0;  // frames of a replayed file that cannot be checked: not among `sent`
  uint64_t not_sent = 0;   // packets a port took and reports as errors; among the lost ones
  uint64_t missed = 0;     // packets a port had no room for and says so; among the lost ones
  std::vector<BackendShare> backends;  // by packets
};

// What the sender knows, of each flow, and what the checker does.
Total total_of(const Interval& all, double seconds, const std::vector<uint32_t>& sent,
               uint64_t flood, const Checker& checker);

// One object each, without an end of line.
std::string to_json(const Interval& second);
std::string to_json(const Total& total);

// For people: the titles, and a line for each second.
std::string second_titles();
std::string to_line(const Interval& second);
std::string to_text(const Total& total, bool color);

// While it runs: what the last second was like.
std::string progress_of(const Interval& second, double elapsed, double seconds);

}  // namespace sluice::loadgen
