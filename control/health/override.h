// SPDX-License-Identifier: Apache-2.0
// What operators have said about backends, whatever checks say.
#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "base/ip_address.h"
#include "model/condition.h"

namespace sluice::health {

using Time = std::chrono::steady_clock::time_point;  // CLOCK_MONOTONIC: no step of a clock moves it

// In the order of their strength: of several for one backend the last counts. Who takes a machine
// away with `node drain` has to find it empty, whatever was said about one pool on it.
enum class Order {
  kReady,    // used, whatever checks say
  kDrain,    // no new flows; those it has are kept
  kDisable,  // no flows at all
};

struct Override {
  Order order = Order::kDrain;
  std::optional<Time> until = {};  // empty: until it is undone
  bool operator==(const Override&) const = default;
};

struct Overrides {
  std::map<BackendRef, Override> backends;
  std::map<IpAddress, Override> nodes;  // a server: all backends at the address
  bool operator==(const Overrides&) const = default;
};

}  // namespace sluice::health
