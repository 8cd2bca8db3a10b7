// SPDX-License-Identifier: Apache-2.0
// Waits for processes that have been killed, so that none is left as a zombie, and nobody has to
// stand still for one that dies slowly (in a system call that cannot be interrupted).
#pragma once

#include <list>

#include "base/event_loop.h"
#include "base/unique_fd.h"

namespace sluice::health {

class Reaper {
 public:
  // `loop` must outlive it.
  explicit Reaper(EventLoop& loop) : loop_(loop) {}
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;
  // Those that have ended are reaped; of the others this process remains the parent.
  ~Reaper();

  // Waits for the child of that pidfd, which has been killed.
  void take(UniqueFd pidfd);
  size_t waiting() const { return children_.size(); }

 private:
  struct Child {
    UniqueFd pidfd;
    EventLoop::Source source;
  };
  EventLoop& loop_;
  std::list<Child> children_;
};

}  // namespace sluice::health
