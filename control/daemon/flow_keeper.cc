// SPDX-License-Identifier: Apache-2.0
#include "daemon/flow_keeper.h"

#include <algorithm>

#include "base/log.h"

namespace sluice {

namespace {

using std::chrono::milliseconds;

// Flows in one go: a millisecond or two, in which the daemon does nothing else.
constexpr uint32_t kStep = 4096;
constexpr milliseconds kShortestPause(100), kLongestPause(5000);

Time now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

FlowKeeper::FlowKeeper(EventLoop& loop, Controller& controller,
                       std::function<std::chrono::seconds()> drain, std::function<void()> changed)
    : loop_(loop), controller_(controller), drain_(std::move(drain)), changed_(std::move(changed)) {
}

Result<std::unique_ptr<FlowKeeper>> FlowKeeper::start(EventLoop& loop, Controller& controller,
                                                      std::function<std::chrono::seconds()> drain,
                                                      std::function<void()> changed) {
  std::unique_ptr<FlowKeeper> k(
      new FlowKeeper(loop, controller, std::move(drain), std::move(changed)));
  if (Result<void> r = k->wait(kShortestPause); !r) return r.error();
  return k;
}

Result<void> FlowKeeper::wait(milliseconds delay) {
  Result<EventLoop::Source> timer = loop_.after(delay, [this] { step(); });
  if (!timer) return timer.error();
  timer_ = std::move(*timer);
  return {};
}

// A round goes on between other events; those that replace the tables end it.
void FlowKeeper::step() {
  milliseconds pause =
      std::clamp<milliseconds>(milliseconds(drain_()) / 50, kShortestPause, kLongestPause);
  if (FlowTables* tables = controller_.flow_tables()) look_at_more(*tables);
  if (controller_.is_due(now()) && now() >= next_change_) {
    changed_();
    next_change_ = now() + pause;
  }
  if (round_) pause = milliseconds(0);
  if (Result<void> r = wait(pause); !r)
    spdlog::error("flow tables are looked at no more: {}", r.error().message);
}

void FlowKeeper::look_at_more(FlowTables& tables) {
  if (!round_ || tables_number_ != controller_.tables_number()) begin(tables);
  const Result<bool> is_whole = round_->step(controller_.live(), drain_(), now(), kStep);
  if (!is_whole)
    spdlog::error("a round of the flow tables ends half way: {}", is_whole.error().message);
  if (is_whole && *is_whole) end();
  if (!is_whole || *is_whole) round_.reset();
}

void FlowKeeper::begin(FlowTables& tables) {
  if (Result<FlowEvents> events = controller_.flow_events(); events) evictions_.begin(*events);
  round_.emplace(tables, last_.removed, now());
  tables_number_ = controller_.tables_number();
}

void FlowKeeper::end() {
  last_ = round_->sweep();
  if (Result<FlowEvents> events = controller_.flow_events(); events) evictions_.end(*events, last_);
  controller_.take(last_);
}

}  // namespace sluice
