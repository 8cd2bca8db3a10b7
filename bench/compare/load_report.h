// SPDX-License-Identifier: Apache-2.0
// What bench-loadgen has to say of a run, as a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace sluice::bench {

// Of packets from the generator to a backend, in nanoseconds, to within 1 %.
struct Delays {
  uint64_t p50 = 0, p90 = 0, p99 = 0, p999 = 0, most = 0;

  bool operator==(const Delays&) const = default;
};

struct LoadReport {
  double seconds = 0, rate = 0;  // rate: packets a second
  uint64_t flows = 0, sent = 0;
  // As the generator's README.md has them.
  uint64_t lost = 0, duplicated = 0, reordered = 0, misrouted = 0, corrupt = 0;
  uint64_t unsent = 0;  // of the lost: those that the generator itself had no room for, either way
  uint64_t lossy_flows = 0, misrouted_flows = 0;
  std::optional<Delays> delays;  // none: nothing came

  bool operator==(const LoadReport&) const = default;
};

// From what it has printed with -o json; lines of others, as DPDK's, may be among it. An Error
// where the total is missing, or anything of it.
Result<LoadReport> read_load_report(const std::string& printed);

// Whether it has told of a second yet.
bool tells_a_second(const std::string& printed);

}  // namespace sluice::bench
