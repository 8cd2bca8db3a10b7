// SPDX-License-Identifier: Apache-2.0
// Backends that a service's pool has no more, and whose flows may live yet. Pure.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "plan/sweep.h"

namespace sluice {

// What is known of the backends of services, past and present. A value; what generations have in
// common is there once.
class KnownBackends {
 public:
  using Backends = std::map<IpAddress, Backend>;
  using Services = std::map<std::string, std::shared_ptr<const Backends>>;  // never null

  KnownBackends() = default;
  explicit KnownBackends(Services services) : services_(std::move(services)) {}
  const Services& services() const { return services_; }

  // Those that `live` has members of and `config` has not, unless no slot and no flow has them any
  // more. A service that is gone has none.
  Leaving leaving(const Config& config, const Live& live, const QuietNumbers& quiet) const;

  // What is known when `config` is in force, with `leaving`: the others are forgotten.
  KnownBackends next(const Config& config, const Leaving& leaving) const;

 private:
  Services services_;
};

}  // namespace sluice
