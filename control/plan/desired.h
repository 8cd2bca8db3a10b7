// SPDX-License-Identifier: Apache-2.0
// What should be true of the data plane: the configuration joined with what is known of the world.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "abi/sluice_abi.h"
#include "model/condition.h"
#include "model/config.h"
#include "model/next_hop.h"

namespace sluice {

// The two kinds of packet a member can be sent, which need different outer headers.
enum class InnerFamily { kV4, kV6 };

struct DesiredMember {
  std::string backend;  // "pool/backend", for people
  IpAddress address;
  uint32_t weight = 0;
  sluice_life life = SLUICE_LIFE_UP;

  // The ready-made outer headers, by InnerFamily.
  std::array<sluice_member, 2> heads;

  const sluice_member& head(InnerFamily f) const { return heads[size_t(f)]; }
};

// Where clients knock.
struct Frontend {
  IpPrefix vip;
  PortRange ports;

  auto operator<=>(const Frontend&) const = default;
  InnerFamily family() const { return vip.address.is_v4() ? InnerFamily::kV4 : InnerFamily::kV6; }
};

struct DesiredService {
  std::string name;
  std::vector<Frontend> frontends;     // sorted
  std::vector<DesiredMember> members;  // sorted by address; only those with a known way
  HashFields hash = HashFields::kFiveTuple;
  EmptyPolicy empty = EmptyPolicy::kDrop;
  Tracking tracking = Tracking::kAdaptive;
};

struct Desired {
  uint32_t ring_size = 0;
  std::string seed;
  std::chrono::seconds drain{0};
  std::vector<DesiredService> services;  // sorted by name
  // What the data plane should know of itself.
  std::vector<MacAddress> macs;        // frames for these are ours; empty: frames for any
  std::vector<IpPrefix> sources;       // outer sources of our tunnels
  std::vector<uint16_t> tunnel_ports;  // UDP ports our tunnels go to, host byte order
};

// What a service had backends for that its pool has no more: they keep their flows, by service
// name.
using Leaving = std::map<std::string, std::vector<Backend>>;

// In Conditions, the pool of those that are leaving.
inline constexpr char kLeavingPool[] = "leaving";

// Config x Conditions x NextHops x our interfaces' MAC addresses. Backends without a next hop get
// no packets.
Desired desire(const Config& config, const NextHops& next_hops,
               const std::vector<MacAddress>& macs = {}, const Leaving& leaving = {},
               const Conditions& conditions = {});

}  // namespace sluice
