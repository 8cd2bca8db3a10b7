// SPDX-License-Identifier: Apache-2.0
// Says how the kernel would reach each backend now: which interface, which MAC address, which
// source.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "model/next_hop.h"
#include "network/neighbours.h"
#include "network/netlink.h"

namespace sluice {

// Every backend asked for is in exactly one of the two.
struct Resolution {
  NextHops found;
  std::map<IpAddress, std::string> missing;  // why there is no usable way

  bool operator==(const Resolution&) const = default;
};

// By interface name: where everything sent out of that interface goes, whatever the neighbour
// tables say.
using FixedNextHops = std::map<std::string, MacAddress>;

class Resolver {
 public:
  // Works from now on in the network namespace of the caller.
  static Result<Resolver> create();

  // Reads everything anew. Neighbours not known yet are asked for, and kept resolved by the
  // kernel as long as backends need them: call again when a Monitor says so. On an Error nothing
  // is known, and what was known before is the best there is.
  Result<Resolution> resolve(const std::vector<IpAddress>& backends, const FixedNextHops& fixed);

 private:
  explicit Resolver(Netlink netlink) : netlink_(std::move(netlink)) {}

  Netlink netlink_;
  NeighbourKeeper keeper_;
};

}  // namespace sluice
