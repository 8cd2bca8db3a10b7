// SPDX-License-Identifier: Apache-2.0
// Thousands of deadlines on one timer of the event loop.
//
// Most of them are taken away before they come, for most probes are answered: that costs no system
// call here, while a timer of the event loop's own for each of them costs several.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/event_loop.h"
#include "base/unique_fd.h"

namespace sluice::health {

using Time = std::chrono::steady_clock::time_point;  // CLOCK_MONOTONIC

class Deadlines {
  using Key = std::pair<Time, uint64_t>;  // the number tells those of one moment apart

 public:
  using Callback = std::function<void()>;

  // One deadline; destroying it takes it away. Must not outlive its Deadlines.
  class Entry {
   public:
    Entry() = default;
    Entry(Entry&& other) noexcept
        : deadlines_(std::exchange(other.deadlines_, nullptr)), key_(std::move(other.key_)) {}
    Entry& operator=(Entry&& other) noexcept {
      std::swap(deadlines_, other.deadlines_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~Entry() {
      if (deadlines_) deadlines_->entries_.erase(key_);
    }

   private:
    friend class Deadlines;
    Entry(Deadlines* deadlines, Key key) : deadlines_(deadlines), key_(key) {}
    Deadlines* deadlines_ = nullptr;
    Key key_;
  };

  // `loop` must outlive it.
  static Result<std::unique_ptr<Deadlines>> create(EventLoop& loop);
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  // Calls `f` from the loop, at the first whole millisecond that is not before `when`: those of one
  // millisecond share a turn of the loop. `f` may destroy its own entry, and any other.
  Entry at(Time when, Callback f);

 private:
  Deadlines() = default;
  void arm(Time when);  // unless the timer goes off before
  void fire();

  std::map<Key, Callback> entries_;
  uint64_t last_number_ = 0;
  Time armed_ = Time::max();  // when the timer goes off
  UniqueFd timer_;
  EventLoop::Source source_;
};

}  // namespace sluice::health
