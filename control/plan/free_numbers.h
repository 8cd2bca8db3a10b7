// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace sluice {

// Hands out the lowest numbers that are not in use, each once.
class FreeNumbers {
 public:
  explicit FreeNumbers(uint32_t first) : next_(first) {}
  // Somebody has it.
  void use(uint32_t number) {
    if (number >= used_.size()) used_.resize(number + 1);
    used_[number] = true;
  }
  uint32_t take() {
    while (next_ < used_.size() && used_[next_]) next_++;
    return next_++;
  }

 private:
  std::vector<bool> used_;
  uint32_t next_;
};

}  // namespace sluice
