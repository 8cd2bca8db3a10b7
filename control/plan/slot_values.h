// SPDX-License-Identifier: Apache-2.0
// A value for every slot of a ring that has one. Mostly they are all the same, and kept once: rings
// are large, and there are many.
#pragma once

#include <cstddef>
#include <vector>

namespace sluice {

template <class T>
class SlotValues {
 public:
  SlotValues() = default;
  // As same() and each() of another one were.
  SlotValues(T same, std::vector<T> each) : any_(true), same_(same), each_(std::move(each)) {}

  // No slot has one.
  bool empty() const { return !any_; }
  // Of a slot that has one.
  T operator[](size_t slot) const { return each_.empty() ? same_ : each_[slot]; }
  // `slots`: how many the ring has.
  void set(size_t slot, size_t slots, T value) {
    if (!any_) same_ = value;
    any_ = true;
    if (each_.empty()) {
      if (value == same_) return;
      each_.assign(slots, same_);
    }
    each_[slot] = value;
  }

  // What they all are; in each() there is nothing then.
  T same() const { return same_; }
  const std::vector<T>& each() const { return each_; }

  bool operator==(const SlotValues&) const = default;

 private:
  bool any_ = false;
  T same_ = {};
  std::vector<T> each_;
};

}  // namespace sluice
