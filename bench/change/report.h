// SPDX-License-Identifier: Apache-2.0
// What was measured of changes, for people and for scripts.
#pragma once

#include <string>
#include <vector>

#include "change/road.h"
#include "change/scale.h"

namespace sluice::bench {

struct MeasuredChange {
  std::string name;
  std::vector<Parts> samples;  // one at least
};

struct Memory {
  uint64_t tables = 0;   // of the kernel's, for the data plane
  uint64_t process = 0;  // resident, after the first load
  uint64_t most = 0;     // the most that was resident
};
// Of this process, but for `tables`.
Memory memory_now();

std::string to_json(const MeasuredChange& m, const Scale& scale);
std::string to_json(const Memory& m, const Scale& scale);
std::string to_table(const std::vector<MeasuredChange>& all, bool color);
std::string to_text(const Memory& m);

}  // namespace sluice::bench
