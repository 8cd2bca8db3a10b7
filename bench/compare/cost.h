// SPDX-License-Identifier: Apache-2.0
// What a packet costs each contestant: the samples, and what stands for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "program/meter.h"

namespace sluice::bench {

// Everybody was measured once in each round.
struct CostSample {
  Reading per_packet;  // of those that were delivered
  uint64_t sent = 0, delivered = 0, astray = 0;
  bool noisy = false;        // the machine was not quiet at any attempt
  int attempts = 1;          // of which this is the last
  uint64_t lost_before = 0;  // in those that do not count

  uint64_t lost() const { return sent - delivered; }
};

struct Measured {
  std::string name, summary;
  bool is_floor = false;
  std::string absent;               // why it was not measured; then there are no samples
  unsigned backends = 0;            // that packets reached
  std::vector<CostSample> samples;  // by round
};

// Of a packet, with the way there and back: medians and interquartile ranges.
struct CostFigures {
  double ns = 0, ns_spread = 0;
  double cycles = 0, instructions = 0;  // 0 without hardware counters
  double net_ns = 0, net_spread = 0;    // above the floor of the same round: without the way
  double net_cycles = 0, net_instructions = 0;
  uint64_t sent = 0, lost = 0, astray = 0;
  unsigned noisy = 0, lossy = 0;  // samples
  unsigned retaken = 0;           // attempts that do not count
  uint64_t lost_before = 0;       // in those
};

// `floor` has as many samples, or none: then nothing is subtracted. `row` has one at least.
CostFigures figures_of(const Measured& row, const Measured& floor);

// What a packet costs `row` for what it costs `other`, with the way: the median of the rounds'
// ratios. None where one of them was not measured.
std::optional<double> ratio(const Measured& row, const Measured& other);

// That of this name; nullptr if it was not asked for.
const Measured* find(const std::vector<Measured>& all, const std::string& name);

}  // namespace sluice::bench
