// SPDX-License-Identifier: Apache-2.0
// All targets, each asked when its round has come. Lives on one event loop, and on its thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "health/probe/deadlines.h"
#include "health/probe/probers.h"
#include "health/schedule.h"
#include "health/work.h"

namespace sluice::health {

class Rounds {
 public:
  using Deliver = std::function<void(Finished)>;

  // Probes under way take no more than `descriptors` of them. `probers` must outlive it.
  Rounds(Probers& probers, size_t descriptors, Deliver deliver)
      : probers_(probers), descriptors_(descriptors), deliver_(std::move(deliver)) {}
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;

  // From now on these targets and no others. A probe under way goes on if its target is asked the
  // same as before, be it on another way; else it ends without an outcome.
  void set(std::vector<Work> work);
  // Asks the target once more, now, beside its rounds, which stay as they are: if one is being
  // asked so already, after that. One that is no target any more is not asked.
  void ask_now(uint64_t target);
  ProberStatistics statistics() const;

 private:
  // A probe under way, if there is one.
  struct Flight {
    std::unique_ptr<Probe> probe;
    size_t descriptors = 0;  // that it has
    Time started;
  };
  struct Target {
    Check check;
    Way way;
    Flight round;
    std::optional<Time> owed;  // a round that came meanwhile
    Time following;            // its next round
    Flight extra;
    uint32_t extras_owed = 0;

    Flight& flight(bool once_more) { return once_more ? extra : round; }
  };
  void arm();
  void turn();
  void begin(uint64_t number, Target& target, Time due);
  void ask(uint64_t number, Target& target, bool once_more);
  void count_start(std::chrono::nanoseconds late);
  void finish(uint64_t number, bool once_more, Outcome outcome);
  void end(Target& target);
  void end(Flight& flight);
  void deliver(Finished finished);

  Probers& probers_;
  const size_t descriptors_;
  Deliver deliver_;
  Schedule schedule_;
  std::unordered_map<uint64_t, Target> targets_;
  size_t taken_ = 0;  // descriptors
  ProberStatistics statistics_;
  Deadlines::Entry timer_;
};

}  // namespace sluice::health
