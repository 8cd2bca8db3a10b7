// SPDX-License-Identifier: Apache-2.0
#include "health/probe/reaper.h"

#include <sys/wait.h>

#include <iterator>
#include <utility>

namespace sluice::health {

namespace {

// Has it ended, and is it reaped now?
bool reap(const UniqueFd& pidfd) {
  siginfo_t ignored = {};
  if (waitid(P_PIDFD, id_t(pidfd.get()), &ignored, WEXITED | WNOHANG) < 0) return true;
  return ignored.si_pid != 0;
}

}  // namespace

Reaper::~Reaper() {
  for (const Child& child : children_) reap(child.pidfd);
}

void Reaper::take(UniqueFd pidfd) {
  if (reap(pidfd)) return;
  children_.push_back({.pidfd = std::move(pidfd), .source = {}});
  const std::list<Child>::iterator child = std::prev(children_.end());
  Result<EventLoop::Source> source = loop_.on_readable(child->pidfd.get(), [this, child] {
    if (reap(child->pidfd)) children_.erase(child);
  });
  if (source) child->source = std::move(*source);
}

}  // namespace sluice::health
