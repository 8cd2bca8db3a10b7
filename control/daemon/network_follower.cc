// SPDX-License-Identifier: Apache-2.0
#include "daemon/network_follower.h"

#include <algorithm>

#include "base/log.h"

namespace sluice {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// So short a burst is let pass; so long a change waits at most, being half of what is promised.
constexpr milliseconds kShortest(20), kLongest(500);
constexpr int kRest = 4;  // times what following took
constexpr milliseconds kAgain(500);

}  // namespace

void NetworkFollower::changed() {
  const auto when = std::max(rests_until_, steady_clock::now() + kShortest);
  if (!timer_ || when < due_) follow_at(when);  // what was to be tried again is tried sooner
}

void NetworkFollower::follow() {
  timer_.reset();
  const auto begin = steady_clock::now();
  const Result<void> r = follow_();
  const auto end = steady_clock::now();
  rests_until_ = end + std::min<std::chrono::nanoseconds>(kLongest, kRest * (end - begin));
  const std::string error = r ? "" : r.error().message;
  if (!r && error != last_error_)
    spdlog::error("after a change of the network: {}; it is tried again", error);
  if (r && !last_error_.empty()) spdlog::info("the network's changes are followed again");
  last_error_ = error;
  if (!r) follow_at(end + kAgain);
}

void NetworkFollower::follow_at(steady_clock::time_point when) {
  const auto pause = std::chrono::ceil<milliseconds>(when - steady_clock::now());
  Result<EventLoop::Source> timer =
      loop_.after(std::max(pause, milliseconds(0)), [this] { follow(); });
  due_ = when;
  if (timer)
    timer_ = std::move(*timer);
  else
    spdlog::error("changes of the network are not followed: {}", timer.error().message);
}

}  // namespace sluice
