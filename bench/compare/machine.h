// SPDX-License-Identifier: Apache-2.0
// The machine a run was on.
#pragma once

#include "compare/results.h"

namespace sluice::bench {

// What cannot be found out is "unknown".
Machine this_machine();

}  // namespace sluice::bench
