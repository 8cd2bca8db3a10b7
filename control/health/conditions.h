// SPDX-License-Identifier: Apache-2.0
// What follows for the weights of backends and for services from verdicts and from what operators
// say. Pure, without a memory: the same after a restart.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "health/override.h"
#include "health/verdict.h"
#include "model/condition.h"
#include "model/config.h"

namespace sluice::health {

// Of those backends of a pool that have a weight and that no operator has taken out.
struct PoolHealth {
  uint32_t healthy = 0;
  uint32_t total = 0;
  uint32_t fresh = 0;          // of `total`: new, and not asked about in `panic`
  bool panic = false;          // checks are not believed: all are used
  bool below_minimum = false;  // none is used, and services of the pool are down

  bool operator==(const PoolHealth&) const = default;
};

struct Health {
  Conditions conditions;  // only those that differ from what is configured
  std::map<std::string, PoolHealth> pools;
  bool isolated = false;         // verdicts stand still (Judge)
  std::optional<Time> next_due;  // when time alone changes any of it: slow start, `until`
};

Health health_of(const Config& config, const Verdicts& verdicts, const Overrides& overrides,
                 Time now);

// What of all an operator has said about a backend counts now.
std::optional<Order> order_for(const Overrides& overrides, const BackendRef& backend,
                               const IpAddress& address, Time now);

// "3 of 4 backends healthy", and what is amiss: for logs and people.
std::string describe(const PoolHealth& pool);

}  // namespace sluice::health
