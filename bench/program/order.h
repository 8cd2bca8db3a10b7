// SPDX-License-Identifier: Apache-2.0
// In which order the flows of the measured packets come.
#pragma once

#include <cstdint>

namespace sluice::bench {

enum class OrderKind {
  kFixed,  // one flow
  kFlows,  // a set of them, each once before any comes again
  kNew,    // no flow comes twice
};

inline const char* to_string(OrderKind kind) {
  switch (kind) {
    case OrderKind::kFixed:
      return "fixed";
    case OrderKind::kFlows:
      return "flows";
    case OrderKind::kNew:
      return "new";
  }
  return "";
}

struct Order {
  OrderKind kind = OrderKind::kFixed;
  uint32_t flows = 1;  // a power of two; 0 where they are always new

  uint64_t mask() const { return kind == OrderKind::kNew ? 0xffff'ffff : flows - 1; }
};

inline constexpr Order kOneFlow = {OrderKind::kFixed, 1};
inline constexpr Order k1kFlows = {OrderKind::kFlows, 1 << 10};
inline constexpr Order k128kFlows = {OrderKind::kFlows, 1 << 17};
inline constexpr Order k1MFlows = {OrderKind::kFlows, 1 << 20};
inline constexpr Order kNewFlows = {OrderKind::kNew, 0};

// Odd, so that sequence * multiplier reaches every flow; two of them, because a table that is read
// in the order it was filled in looks faster than it is: the processor guesses what comes next.
inline constexpr uint64_t kFillMultiplier = 0x85ebca6b, kMeasureMultiplier = 0x9e3779b1;

}  // namespace sluice::bench
