// SPDX-License-Identifier: Apache-2.0
// What the kernel says about the way to a backend, as a value.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/ip_address.h"

namespace sluice {

struct NextHop {
  uint32_t ifindex = 0;        // the egress interface
  std::string interface;       // its name
  MacAddress source;           // its own address
  MacAddress destination;      // the neighbour (gateway, or the backend itself on the same link)
  IpAddress preferred_source;  // the address the kernel would send from; the backend's family
  bool on_link = true;         // the destination is the backend itself, not a gateway
  uint32_t mtu = 0;            // of the egress interface (or the route, if it says less), in bytes

  bool operator==(const NextHop&) const = default;
};

// By backend address. An address that is missing has no usable way at the moment.
using NextHops = std::map<IpAddress, NextHop>;

}  // namespace sluice
