// SPDX-License-Identifier: Apache-2.0
// A run: section after section, into one set of results.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "compare/plan.h"
#include "compare/results.h"

namespace sluice::bench {

struct RunOptions {
  std::vector<std::string> contestants;  // of section cost; empty: all
  int cpu = -1;                          // where packets are forwarded; -1: the last one
};

// Fills in what the plan has. Called by the main thread, before any other is started. A section
// that cannot be measured is a note; that sluice or the lab does not work is an Error.
Result<void> run(const Plan& plan, const RunOptions& options, Results& results,
                 const std::function<void(const std::string&)>& progress);

// Who can be compared.
struct Summary {
  std::string name, summary;
};
std::vector<Summary> summaries();

}  // namespace sluice::bench
