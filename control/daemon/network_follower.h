// SPDX-License-Identifier: Apache-2.0
// When changes of the network are followed: once for each burst of them, and again where it failed.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "base/result.h"

namespace sluice {

class NetworkFollower {
 public:
  using Follow = std::function<Result<void>()>;

  // `follow` reads everything anew. `loop` must outlive it.
  NetworkFollower(EventLoop& loop, Follow follow) : loop_(loop), follow_(std::move(follow)) {}

  // Something has changed: follows soon. A storm of changes is followed again and again, but for no
  // more than a fifth of the time, however long following takes.
  void changed();
  // Now. After an error it is tried again, and again.
  void follow();
  // Follows no more.
  void stop() { timer_.reset(); }

 private:
  void follow_at(std::chrono::steady_clock::time_point when);

  EventLoop& loop_;
  Follow follow_;
  std::optional<EventLoop::Source> timer_;
  std::chrono::steady_clock::time_point due_;  // of the timer
  std::chrono::steady_clock::time_point rests_until_;
  std::string last_error_;
};

}  // namespace sluice
