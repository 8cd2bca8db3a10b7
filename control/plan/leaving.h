// SPDX-License-Identifier: Apache-2.0
// Backends that a service's pool has no more, and whose flows may live yet. Pure.
#pragma once

#include <map>
#include <string>

#include "plan/sweep.h"

namespace sluice {

// What is known of the backends of services, past and present.
class KnownBackends {
 public:
  using Services = std::map<std::string, std::map<IpAddress, Backend>>;

  KnownBackends() = default;
  explicit KnownBackends(Services services) : services_(std::move(services)) {}
  const Services& services() const { return services_; }

  // Those that `live` has members of and `config` has not, unless no slot and no flow has them any
  // more. A service that is gone has none.
  Leaving leaving(const Config& config, const Live& live, const QuietNumbers& quiet) const;

  // `config` is in force, with `leaving`: forgets the others.
  void learn(const Config& config, const Leaving& leaving);

 private:
  Services services_;
};

}  // namespace sluice
