// SPDX-License-Identifier: Apache-2.0
// What sluice takes of a packet's time, and what becomes of each packet, at rest and while
// something is done to it: as a generator sees it that is clients and backends at once.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "compare/plan.h"
#include "compare/results.h"

namespace sluice::bench {

struct Latency {
  LatencySection section;
  std::vector<std::string> notes;  // what was not measured, and why
};

// Called by the main thread.
Result<Latency> measure_latency(const Plan& plan,
                                const std::function<void(const std::string&)>& progress);

}  // namespace sluice::bench
