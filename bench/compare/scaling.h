// SPDX-License-Identifier: Apache-2.0
// How costs grow with size: those of a packet, of a change, and of memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "compare/plan.h"
#include "compare/results.h"

namespace sluice::bench {

struct Scaling {
  std::vector<Curve> curves;
  std::vector<std::string> notes;  // what was not measured, and why
};

// Packets: the program alone, net of its harness, as bench-program measures it; on `cpu`. Changes
// and memory: bench-change, which is beside this program. Called by the main thread.
Result<Scaling> measure_scaling(const Plan& plan, int cpu,
                                const std::function<void(const std::string&)>& progress);

}  // namespace sluice::bench
