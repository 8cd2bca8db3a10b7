// SPDX-License-Identifier: Apache-2.0
#include "health/probe/deadlines.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <cstdlib>

namespace sluice::health {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

}  // namespace

Result<std::unique_ptr<Deadlines>> Deadlines::create(EventLoop& loop) {
  std::unique_ptr<Deadlines> made(new Deadlines);
  made->timer_ = UniqueFd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!made->timer_.valid()) return errno_error("make the timer of the health checks");
  Result<EventLoop::Source> source =
      loop.on_readable(made->timer_.get(), [d = made.get()] { d->fire(); });
  if (!source) return source.error();
  made->source_ = std::move(*source);
  return made;
}

Deadlines::Entry Deadlines::at(Time when, Callback f) {
  const Key key(when, ++last_number_);
  entries_.emplace(key, std::move(f));
  arm(when);
  return Entry(this, key);
}

void Deadlines::arm(Time when) {
  // A time of 0 would disarm the timer.
  const Time at_millisecond =
      std::max<Time>(std::chrono::ceil<milliseconds>(when), Time(milliseconds(1)));
  if (at_millisecond >= armed_) return;
  armed_ = at_millisecond;
  const nanoseconds since = armed_.time_since_epoch();
  const seconds whole = std::chrono::duration_cast<seconds>(since);
  const itimerspec timer = {
      .it_interval = {}, .it_value = {.tv_sec = whole.count(), .tv_nsec = (since - whole).count()}};
  // It fails for bad arguments only; then no deadline would ever come, and nobody would be told.
  if (timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &timer, nullptr) < 0) abort();
}

void Deadlines::fire() {
  uint64_t times = 0;
  (void)!read(timer_.get(), &times, sizeof times);  // so that it is not readable again at once
  armed_ = Time::max();
  // What comes due while these are called has a turn of its own, so that sockets have theirs.
  const Time now = std::chrono::steady_clock::now();
  while (!entries_.empty() && entries_.begin()->first.first <= now) {
    const std::map<Key, Callback>::node_type entry = entries_.extract(entries_.begin());
    entry.mapped()();
  }
  if (!entries_.empty()) arm(entries_.begin()->first.first);
}

}  // namespace sluice::health
