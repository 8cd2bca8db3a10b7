// SPDX-License-Identifier: Apache-2.0
// What sluice's changes do to packets: a stream of numbered ones goes through it, in the standard
// lab (netns/topology.h), while backends change, programs are replaced and the daemon ends.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "compare/plan.h"
#include "compare/results.h"

namespace sluice::bench {

// Called by the main thread. What is measured of native mode holds for the tables and programs,
// which all modes have in common.
Result<std::vector<Update>> measure_changes(
    const Plan& plan, const std::function<void(const std::string&)>& progress);

}  // namespace sluice::bench
