// SPDX-License-Identifier: Apache-2.0
// The host's interfaces and their addresses, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "network/netlink.h"

namespace sluice {

struct Link {
  uint32_t ifindex = 0;
  std::string name;
  MacAddress mac;  // zero unless the interface has an Ethernet address
  uint32_t mtu = 0;
  bool up = false;       // as the administrator set it
  bool carrier = false;  // the wire, or the peer, is there
  uint32_t master = 0;   // ifindex of the bridge, bond or VRF it belongs to, or 0

  bool operator==(const Link&) const = default;
};

struct LinkAddress {
  uint32_t ifindex = 0;
  IpAddress address;
  int prefix_length = 0;

  bool operator==(const LinkAddress&) const = default;
};

Result<std::vector<Link>> list_links(Netlink& netlink);
// The link with this name, or nothing when there is none now.
Result<std::optional<Link>> find_link(Netlink& netlink, std::string_view name);
// Of every link, both families, in the kernel's order: a link's primary IPv4 address is first.
Result<std::vector<LinkAddress>> list_addresses(Netlink& netlink);

}  // namespace sluice
