// SPDX-License-Identifier: Apache-2.0
// Overrides as JSON that another daemon, or another version, reads. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/overrides.h"

namespace sluice {

// Ends are by the wall clock as it is at `now`.
nlohmann::json json_of(const Overrides& overrides, const Moment& now);

struct ReadOverrides {
  Overrides overrides;
  std::vector<std::string> over;  // those whose time is over, by name
  std::string strange;            // what was not understood; empty: nothing
};
// Fails if it is nothing of the kind. Ends are by the steady clock; none is further away than it
// was when the override was put, whatever the wall clock has done.
Result<ReadOverrides> overrides_of_json(const nlohmann::json& json, const Moment& now);

}  // namespace sluice
