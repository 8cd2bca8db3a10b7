// SPDX-License-Identifier: Apache-2.0
// The MSS clamp on interfaces: a tc program at the egress of each, which outlives the process.
#pragma once

#include <cstdint>
#include <string>

#include "agent/options.h"
#include "agent/pins.h"
#include "base/result.h"

namespace sluice::agent {

// The largest segment that VIPs may ask for, per family of the client's packets.
struct Mss {
  uint16_t v4 = 0, v6 = 0;

  bool operator==(const Mss&) const = default;
};

// What `settings` want on an interface with this MTU.
Mss mss_for(const Settings& settings, uint32_t mtu);

// Puts the program there, in one step in the place of an earlier one of ours. `vips_fd` is the map
// of the program that opens tunnels.
Result<void> clamp(const std::string& interface, uint32_t ifindex, Mss mss, int vips_fd,
                   const Pins& pins);

// Takes it away, if it is there.
Result<void> unclamp(const std::string& interface, const Pins& pins);

}  // namespace sluice::agent
