// SPDX-License-Identifier: Apache-2.0
// Where a measurement runs.
#pragma once

#include "base/result.h"

namespace sluice::bench {

// The last CPU this process may use: interrupts tend to go to the first.
Result<int> last_cpu();

// Keeps the calling thread on that CPU from now on.
Result<void> stay_on(int cpu);

}  // namespace sluice::bench
