// SPDX-License-Identifier: Apache-2.0
// Asks the kernel's routing tables, rules included, for the route to each of many addresses.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "network/netlink.h"

namespace sluice {

struct Route {
  uint32_t ifindex = 0;              // the way out
  std::optional<IpAddress> gateway;  // of either family; none: the destination is on the link
  IpAddress preferred_source;        // of the destination's family
  uint32_t mtu = 0;                  // 0: as the interface
};

// For each destination, in order, the route the kernel would take now (of several equal ones, the
// one it would choose) or, as the Error, why it leads nowhere we could send to. With a `mark`, that
// of packets which have it.
Result<std::vector<Result<Route>>> look_up_routes(Netlink& netlink,
                                                  const std::vector<IpAddress>& destinations,
                                                  uint32_t mark = 0);

}  // namespace sluice
