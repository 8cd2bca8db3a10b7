// SPDX-License-Identifier: Apache-2.0
// The kernel's neighbour tables (ARP, ND): reading them, and having entries kept resolved.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/ip_address.h"
#include "base/result.h"
#include "network/netlink.h"

namespace sluice {

// Marks (NDA_PROTOCOL) the entries we have asked the kernel for: `ip neigh show proto 83`.
inline constexpr uint8_t kNeighbourProtocol = 83;

struct NeighbourKey {
  uint32_t ifindex = 0;
  IpAddress address;

  auto operator<=>(const NeighbourKey&) const = default;
};

struct Neighbour {
  MacAddress mac;        // zero: not known
  uint16_t state = 0;    // NUD_*
  bool managed = false;  // the kernel keeps it resolved (NTF_EXT_MANAGED, Linux 5.16)
  bool learned = false;  // another control plane's (NTF_EXT_LEARNED)
  uint8_t protocol = 0;  // who asked for it

  // Packets may be sent to `mac`.
  bool usable() const;
  // Somebody typed it, or another control plane rules it: ours to read only. Any request for such
  // an entry, even one without an address, makes the kernel forget what it was told.
  bool hands_off() const;
};

using Neighbours = std::map<NeighbourKey, Neighbour>;

// The entry an RTM_NEWNEIGH or RTM_DELNEIGH message is about; nothing for bridges' entries.
std::optional<std::pair<NeighbourKey, Neighbour>> to_neighbour(const nlmsghdr* message);

Result<Neighbours> list_neighbours(Netlink& netlink);

// Which entries we want the kernel to keep resolved, and have asked it to.
class NeighbourKeeper {
 public:
  // Why the kernel will not resolve an entry.
  using Refused = std::map<NeighbourKey, std::string>;

  // Makes the kernel resolve `wanted`, and keep it so where it can (older kernels than 5.16 are
  // asked again every time), and no longer those wanted before and not now. `seen` is the
  // table as read before.
  Result<Refused> keep(Netlink& netlink, const std::set<NeighbourKey>& wanted,
                       const Neighbours& seen);

 private:
  std::set<NeighbourKey> kept_;
};

}  // namespace sluice
