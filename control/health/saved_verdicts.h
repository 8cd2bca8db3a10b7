// SPDX-License-Identifier: Apache-2.0
// What the judge knows, as text and back: it outlives the daemon. Times are kept as durations, as
// no clock is common to two boots.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "health/case.h"

namespace sluice::health {

struct SavedVerdict {
  TargetId target = 0;
  IpAddress backend;
  std::vector<BackendRef> users;
  State state = State::kUp;
  Duration age{0};                   // of the state
  std::optional<Duration> came_up;   // so long ago
  std::optional<Duration> held_for;  // as long as it is still held down
  Duration kept_for{0};              // since its hold-down began
  bool proven = false;
  uint32_t good = 0, bad = 0, unknown = 0, flaps = 0;
  uint32_t percent = 100;
  double smoothed = 1.0;
  std::string last;

  bool operator==(const SavedVerdict&) const = default;
};

SavedVerdict saved_of(const Case& c, Time now);
// Its target is the part of it that was saved.
Case restored(const SavedVerdict& saved, Time now);

std::string write_verdicts(const std::vector<SavedVerdict>& verdicts);
// Of bytes that may be anybody's.
Result<std::vector<SavedVerdict>> read_verdicts(std::string_view text);

}  // namespace sluice::health
