// SPDX-License-Identifier: Apache-2.0
// Probes all targets, on a thread and an event loop of its own: whatever else the daemon does,
// their rounds are kept.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/event_loop.h"
#include "health/work.h"

namespace sluice::health {

class Prober {
 public:
  // Gets outcomes on the main loop, some at a time, in the order in which they were reached. There
  // may be some among them of targets that have just gone, or are asked another thing by now. It
  // must not destroy the prober.
  using Listener = std::function<void(std::vector<Finished>)>;

  // Raises this process's limit of descriptors as far as it is let: each probe under way has one.
  // `main_loop` must outlive it.
  static Result<std::unique_ptr<Prober>> start(EventLoop& main_loop, Listener listener);
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;
  // Ends the probes under way, without an outcome.
  ~Prober();

  // From now on these targets, whose numbers are distinct, and no others (rounds.h, schedule.h).
  // From any thread; returns at once.
  void set(std::vector<Work> work);
  // Asks these targets once more, at once, beside their rounds. From any thread; returns at once.
  void ask_now(const std::vector<uint64_t>& targets);
  // As of a few milliseconds ago. From any thread.
  ProberStatistics statistics() const;

 private:
  class Thread;
  Prober();
  std::unique_ptr<Thread> thread_;
  EventLoop::Source outcomes_;
};

}  // namespace sluice::health
