// SPDX-License-Identifier: Apache-2.0
#include "health/outbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <iterator>
#include <utility>

namespace sluice::health {

Result<Bell> Bell::create() {
  Bell bell;
  bell.fd_ = UniqueFd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!bell.fd_.valid()) return errno_error("make an eventfd");
  return bell;
}

void Bell::ring() const {
  const uint64_t one = 1;
  // It fails only if it has been rung 2^64 times and not silenced.
  (void)!write(fd_.get(), &one, sizeof one);
}

void Bell::silence() const {
  uint64_t times = 0;
  (void)!read(fd_.get(), &times, sizeof times);
}

void Outbox::put(std::vector<Finished> finished) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = outcomes_.empty();
    std::move(finished.begin(), finished.end(), std::back_inserter(outcomes_));
    for (; outcomes_.size() > most_; lost_++) outcomes_.pop_front();
  }
  if (first) bell_.ring();
}

std::vector<Finished> Outbox::take() {
  bell_.silence();  // before, so that what is put from now on rings again, or is taken
  std::deque<Finished> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(outcomes_);
  }
  return {std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end())};
}

uint64_t Outbox::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

}  // namespace sluice::health
