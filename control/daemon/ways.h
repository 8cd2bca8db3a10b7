// SPDX-License-Identifier: Apache-2.0
// The best known way to each backend, over time.
#pragma once

#include <map>
#include <string>

#include "model/config.h"
#include "model/next_hop.h"
#include "network/resolver.h"
#include "plan/desired.h"

namespace sluice {

// What the kernel says now, and for backends it has lost the way to, what it said last: a neighbour
// that fails to answer ARP for a moment must not move every flow of that backend (fail static).
// Whether a backend is alive is for health checks to say.
class Ways {
 public:
  static Result<Ways> create();

  // Asks the kernel again for every backend of `config`, and for those that are leaving; forgets
  // the others.
  Result<void> refresh(const Config& config, const Leaving& leaving);

  const NextHops& known() const { return known_; }
  // Why the kernel has no way to a backend right now.
  const std::map<IpAddress, std::string>& missing() const { return missing_; }
  // Every backend has a way, or was `given_up` already?
  bool complete_but_for(const std::map<IpAddress, std::string>& given_up) const;

 private:
  explicit Ways(Resolver resolver) : resolver_(std::move(resolver)) {}
  Resolver resolver_;
  NextHops known_;
  std::map<IpAddress, std::string> missing_;
};

}  // namespace sluice
