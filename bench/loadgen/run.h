// SPDX-License-Identifier: Apache-2.0
// One run: a sender and a receiver, and what they have counted.
#pragma once

#include <atomic>
#include <functional>

#include "loadgen/options.h"
#include "loadgen/report.h"
#include "loadgen/wire.h"

namespace sluice::loadgen {

// What may be asked of a run from outside, by a signal for instance.
struct Requests {
  std::atomic<bool> stop = false;     // send no more; what is on its way is still awaited
  std::atomic<unsigned> changes = 0;  // announced so far: after each one, every flow may move once
};

// Sends, waits for what is on its way, and adds it up. `on_second` is called once for each second,
// in their order, when what was sent in it has had time to come back.
Result<Total> run(const Options& options, Wire& wire, const Requests& requests,
                  const std::function<void(const Interval&)>& on_second);

}  // namespace sluice::loadgen
