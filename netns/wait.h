// SPDX-License-Identifier: Apache-2.0
// Waiting with a deadline, which SIGINT and SIGTERM cut short.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/result.h"

namespace sluice::netns {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// From now on SIGINT and SIGTERM make waits fail instead of ending the process, so that owners can
// clean up and say so. Without it the process dies at once, and the janitor cleans up.
void end_waits_on_signals();
// The signal that arrived, or 0.
int interrupted();

Result<void> pause_for(milliseconds duration);
// Asks `done` every few milliseconds. `what` completes "gave up waiting for ...".
Result<void> wait_until(const std::function<bool()>& done, milliseconds patience,
                        const std::string& what);
// Waits until one of two descriptors is readable (`b` may be -1) or `deadline` has passed; says
// which: 0 is a, 1 is b, -1 neither.
Result<int> wait_readable(int a, int b, Clock::time_point deadline);

}  // namespace sluice::netns
