// SPDX-License-Identifier: Apache-2.0
// Counts values of 32 bits so that any percentile is known to within 1 %, as HdrHistogram does.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace sluice::loadgen {

// Values below 2^kBits have a bucket each; above that every power of two is cut in 2^(kBits - 1)
// equal parts, so that a bucket is at most 1/2^(kBits - 1) as wide as its values are large. (No
// library of Debian 12 does that for C or C++.)
class Histogram {
 public:
  static constexpr unsigned kBits = 8;

  void add(uint32_t value) {
    counts_[index_of(value)]++;
    count_++;
    most_ = std::max(most_, value);
  }
  Histogram& operator+=(const Histogram& other) {
    for (size_t i = 0; i < counts_.size(); i++) counts_[i] += other.counts_[i];
    count_ += other.count_;
    most_ = std::max(most_, other.most_);
    return *this;
  }

  uint64_t count() const { return count_; }
  uint32_t most() const { return most_; }
  // The least value that `share` (0 to 1) of all values do not exceed, rounded up to its bucket's
  // end; 0 of none.
  uint32_t percentile(double share) const {
    const uint64_t wanted = std::max<uint64_t>(1, uint64_t(std::ceil(share * double(count_))));
    uint64_t seen = 0;
    for (size_t i = 0; i < counts_.size(); i++)
      if (seen += counts_[i]; seen >= wanted) return std::min(last_of(i), most_);
    return most_;
  }

 private:
  static constexpr size_t kHalf = size_t(1) << (kBits - 1);

  static constexpr size_t index_of(uint32_t value) {
    const unsigned width = unsigned(std::bit_width(value));
    if (width <= kBits) return value;
    const unsigned shift = width - kBits;
    return shift * kHalf + (value >> shift);
  }
  // The largest value of a bucket.
  static constexpr uint32_t last_of(size_t index) {
    if (index < 2 * kHalf) return uint32_t(index);
    const size_t shift = index / kHalf - 1;
    return uint32_t(((uint64_t(index - shift * kHalf) + 1) << shift) - 1);
  }

  std::array<uint64_t, (32 - kBits + 2)* kHalf> counts_ = {};
  uint64_t count_ = 0;
  uint32_t most_ = 0;
};

}  // namespace sluice::loadgen
