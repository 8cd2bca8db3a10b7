// SPDX-License-Identifier: Apache-2.0
// Measures what a packet costs each contestant, in turn with all others.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "compare/contestant.h"
#include "compare/cost.h"
#include "netns/lab.h"
#include "program/controls.h"

namespace sluice::bench {

struct CostSettings {
  int rounds = 9;
  int attempts = 4;            // at a sample, until it was quiet and nothing was lost
  uint64_t packets = 1 << 20;  // in a sample
  uint32_t flows = 1 << 16;    // a power of two
  uint32_t calibration = 200'000;
  int cpu = 0;  // where packets are made, forwarded and counted
};

struct Costs {
  std::vector<Measured> measured;  // in the order of `contestants`
  std::string no_hardware;         // why there are no hardware counters; empty: there are
};

// All are set up first, each on a site of its own; who cannot be is absent, but sluice: that is an
// error. Called by the main thread. `progress` is told what is done.
Result<Costs> measure_costs(const netns::Lab& lab, const std::vector<Contestant>& contestants,
                            const TrafficMaker& traffic, const CostSettings& settings,
                            const Controls& controls,
                            const std::function<void(const std::string&)>& progress);

}  // namespace sluice::bench
