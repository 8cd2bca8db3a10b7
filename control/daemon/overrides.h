// SPDX-License-Identifier: Apache-2.0
// What operators have said of backends beside the configuration. Values; the time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "model/condition.h"
#include "plan/slots.h"

namespace sluice {

// The same moment on the clock that judges, which nobody steps, and on the one that outlives us.
struct Moment {
  Time steady;
  int64_t wall = 0;  // seconds since 1970

  static Moment now();
};

// One backend of one pool, or every backend that has the address.
using OverrideKey = std::variant<BackendRef, IpAddress>;
// "web/be1" or "192.0.2.1"
std::string to_string(const OverrideKey& key);

struct SavedOverride {
  // The stricter, the further down.
  enum class Kind { kReady, kDrain, kDisable };

  Kind kind = Kind::kDrain;
  int64_t since = 0;              // seconds since 1970
  std::optional<Time> ends = {};  // none: until it is undone
  std::chrono::seconds lasts{0};  // that were given for it; 0 without an end
  std::string by, reason;

  bool operator==(const SavedOverride&) const = default;
};
// "drain", "disable" or "ready"
const char* word_for(SavedOverride::Kind kind);

using Overrides = std::map<OverrideKey, SavedOverride>;

// What is said of a backend: of itself, of its address, both or nothing. The first one counts, that
// is the stricter: who has drained a machine to switch it off has drained all that is on it.
std::vector<Overrides::const_pointer> overrides_of(const Overrides& all, const BackendRef& backend,
                                                   const IpAddress& address);

// When the next one ends by itself; none: none does.
std::optional<Time> next_end(const Overrides& all);

// Seconds since 1970 by the clock as it is at `now`.
std::optional<int64_t> wall_end(const SavedOverride& o, const Moment& now);

}  // namespace sluice
