// SPDX-License-Identifier: Apache-2.0
// What a packet costs when several CPUs forward at once, through one device with a queue for each.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "compare/plan.h"
#include "compare/results.h"

namespace sluice::bench {

// For as many of the plan's numbers of CPUs as there are; the last ones are used. Called by the
// main thread.
Result<Curve> measure_cpus(const Plan& plan,
                           const std::function<void(const std::string&)>& progress);

}  // namespace sluice::bench
