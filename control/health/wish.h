// SPDX-License-Identifier: Apache-2.0
// How much of its weight a backend asks for, made steady: every change of a weight is a new ring,
// and moves flows.
#pragma once

#include <cstdint>
#include <optional>

#include "health/verdict.h"

namespace sluice::health {

struct Wish {
  double smoothed = 1.0;        // of what its answers said
  uint32_t percent = 100;       // in force: a multiple of 5, 5-1000
  std::optional<Time> applied;  // when it came into force; empty: it is the beginning
};

// An answer said `asked`, or nothing, which is all of its weight. True: `percent` has changed.
bool hear_wish(Wish& wish, std::optional<double> asked, Time now);

}  // namespace sluice::health
