// SPDX-License-Identifier: Apache-2.0
// What a flood of new flows does to those that are there: SYNs from sources that do not exist, many
// more than the flow table has room for, while backends are exchanged.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "compare/plan.h"
#include "compare/results.h"

namespace sluice::bench {

// For each tracking. Called by the main thread.
Result<std::vector<Pressure>> measure_pressure(
    const Plan& plan, const std::function<void(const std::string&)>& progress);

}  // namespace sluice::bench
