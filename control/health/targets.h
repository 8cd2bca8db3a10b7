// SPDX-License-Identifier: Apache-2.0
// Which probes a configuration asks for. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/condition.h"
#include "model/config.h"

namespace sluice::health {

// Equal for equal questions: a restart and a reload find a target again by it.
using TargetId = uint64_t;

// Who is asked, and how: one for each backend and rule, however many services and pools use it.
struct Target {
  TargetId id = 0;
  IpAddress backend;
  // Its port is filled in; 0 where the kind has none (ICMP), or none is known (exec).
  Check check;
  // Through the tunnel: which one, and whose VIP is asked. What the VIP is, is no part of `id`: the
  // verdict on a backend outlives a service.
  Forward forward;
  std::string service;
  IpAddress vip;
  std::vector<BackendRef> users;  // whose verdict it is; never empty
  std::string name;               // "web/be1 http /healthz", for people

  bool through_tunnel() const { return check.via == CheckPath::kTunnel; }
  // What a probe is sent to. (Inside the tunnel its family is that of the inner packet.)
  const IpAddress& asked() const { return through_tunnel() ? vip : backend; }

  bool operator==(const Target&) const = default;
};

// In the order of the services in the file. A pool of several services is asked by the first of
// them that it can be asked by.
std::vector<Target> targets_of(const Config& config);

// The pools with a check that has no target, and why: a sentence's end ("no service uses it").
std::map<std::string, std::string> unasked_pools(const Config& config);

// The addresses of backends that `before` did not have: they have to show that they are well.
std::set<IpAddress> newcomers(const Config& before, const Config& after);

// The first address of a prefix that is a host's: not the network itself (RFC 1122), nor the
// anycast address of its routers (RFC 4291, 2.6.1).
IpAddress first_usable(const IpPrefix& prefix);

// "http /healthz", "tcp 80", ...
std::string describe(const Check& check);

}  // namespace sluice::health
