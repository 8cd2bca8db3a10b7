// SPDX-License-Identifier: Apache-2.0
// Numbers that look random and are the same in every run with the same seed.
#pragma once

#include <cstdint>

namespace sluice::loadgen {

// splitmix64's: every bit of `x` matters for every bit of it.
inline uint64_t mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// splitmix64
class Random {
 public:
  explicit Random(uint64_t seed) : state_(mixed(seed)) {}

  uint64_t next() {
    const uint64_t x = mixed(state_);
    state_ += 0x9e3779b97f4a7c15;
    return x;
  }
  // 0 to n - 1.
  uint32_t below(uint32_t n) { return uint32_t(((next() >> 32) * n) >> 32); }
  // 0 up to, not including, 1.
  double unit() { return double(next() >> 11) * 0x1p-53; }

 private:
  uint64_t state_;
};

}  // namespace sluice::loadgen
