// SPDX-License-Identifier: Apache-2.0
// What has become of a backend beside what the operator has written.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

namespace sluice {

// A backend in its pool.
struct BackendRef {
  std::string pool, backend;
  auto operator<=>(const BackendRef&) const = default;
};

struct Condition {
  uint32_t weight = 0;  // in place of the configured one, 0-1000; 0: it gets no new flows
  bool dead = false;    // its flows are lost, too
  bool operator==(const Condition&) const = default;
};

// Those that are not in it are as configured.
using Conditions = std::map<BackendRef, Condition>;

}  // namespace sluice
