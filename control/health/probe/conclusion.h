// SPDX-License-Identifier: Apache-2.0
// How every probe comes to its outcome: once, from the event loop, and not after its time is up.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "health/probe/deadlines.h"
#include "health/probe/probe.h"

namespace sluice::health {

class Conclusion {
 public:
  // What is the outcome, now that the time is up? The probe looks a last time: an answer may have
  // come while our own thread was held up, and then it is not the backend that is late.
  using LastLook = std::function<Outcome()>;

  Conclusion(Deadlines& deadlines, std::chrono::milliseconds timeout, Done done);
  // The time begins. Call it once.
  void begin(LastLook look);
  // This is the outcome. What follows may destroy the probe: the caller returns at once.
  void reach(Outcome outcome);
  // The same from the loop: for what is known while the probe is being started.
  void reach_soon(Outcome outcome);
  // The outcome of a probe whose last look found nothing (outcome.h).
  Outcome too_late(std::string_view what, std::string_view detail = "") const;

  std::chrono::milliseconds timeout() const { return timeout_; }

 private:
  Deadlines& deadlines_;
  std::chrono::milliseconds timeout_;
  Done done_;
  Time end_;
  Deadlines::Entry entry_;
};

}  // namespace sluice::health
