// SPDX-License-Identifier: Apache-2.0
// What flow_test was asked for on its command line.
#pragma once

#include <cstdint>

namespace sluice::test {

struct Options {
  uint64_t schedules = 0;  // for each property; 0: as many as it takes by itself
  uint64_t seed = 1;       // of the first; the next one has the next
  bool brief = false;      // do not look for the shortest schedule that is wrong
};

const Options& options();

}  // namespace sluice::test
