// SPDX-License-Identifier: Apache-2.0
// How the prober's thread and the main thread reach each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "health/work.h"

namespace sluice::health {

// Tells an event loop, of whichever thread, that there is something for it.
class Bell {
 public:
  static Result<Bell> create();
  int fd() const { return fd_.get(); }  // readable until it is silenced
  void ring() const;
  void silence() const;

 private:
  UniqueFd fd_;
};

// Outcomes on their way to the main thread. If it stands still the oldest are lost, and counted.
class Outbox {
 public:
  Outbox(Bell bell, size_t most) : bell_(std::move(bell)), most_(most) {}
  int fd() const { return bell_.fd(); }  // readable if there is something to take
  void put(std::vector<Finished> finished);
  std::vector<Finished> take();
  uint64_t lost() const;

 private:
  const Bell bell_;
  const size_t most_;
  mutable std::mutex mutex_;
  std::deque<Finished> outcomes_;
  uint64_t lost_ = 0;
};

}  // namespace sluice::health
