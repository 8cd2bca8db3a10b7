// SPDX-License-Identifier: Apache-2.0
#include "loadgen/interval.h"

namespace sluice::loadgen {

Interval& Interval::operator+=(const Interval& other) {
  sent += other.sent;
  received += other.received;
  duplicated += other.duplicated;
  reordered += other.reordered;
  undecided += other.undecided;
  misrouted += other.misrouted;
  moved += other.moved;
  corrupt += other.corrupt;
  foreign += other.foreign;
  latency += other.latency;
  return *this;
}

Interval& Seconds::of(uint64_t second) {
  const uint64_t at = second < first_ ? 0 : second - first_;
  while (open_.size() <= at) {
    open_.emplace_back();
    open_.back().second = first_ + open_.size() - 1;
  }
  return open_[at];
}

std::vector<Interval> Seconds::take_until(uint64_t second) {
  std::vector<Interval> taken;
  while (first_ < second) {
    of(first_);
    taken.push_back(open_.front());
    open_.pop_front();
    first_++;
  }
  return taken;
}

std::vector<Interval> Seconds::take_rest() {
  return take_until(first_ + open_.size());
}

}  // namespace sluice::loadgen
