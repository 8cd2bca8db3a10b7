// SPDX-License-Identifier: Apache-2.0
// What a configuration does not say and a daemon would learn from its host, said beforehand.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "model/config.h"
#include "model/next_hop.h"

namespace sluice {

// What is known of the host. Whatever is missing gets a placeholder.
struct HostFacts {
  std::string ingress;  // where packets come in; empty: the first interface of the configuration
  // Where backends are reached; empty: by `ingress`, unless only other interfaces have a next_hop;
  // then by the first of those.
  std::string egress;
  std::optional<MacAddress> mac;       // of its interfaces; without it frames for any MAC are ours
  std::optional<MacAddress> next_hop;  // where the configuration has none
  std::vector<IpAddress> local;        // the first of a family is the source of tunnels
  uint32_t mtu = 1500;                 // of its interfaces
};

// Stand-ins for what nobody said, and nobody else uses: MAC addresses that are administered
// locally, IPv4's dummy address (RFC 7600) and one of IPv6's discard-only prefix (RFC 6666).
inline constexpr const char* kPlaceholderNextHop = "02:00:00:00:00:01";
inline constexpr const char* kPlaceholderMac = "02:00:00:00:00:02";
inline constexpr const char* kPlaceholderLocal4 = "192.0.0.8";
inline constexpr const char* kPlaceholderLocal6 = "100::8";

// The same in the control plane's words.
struct Scene {
  std::string ingress;
  AttachMode mode = AttachMode::kAuto;         // how the data plane would be attached there
  std::map<uint32_t, std::string> interfaces;  // by an index made up, `ingress` by kTestIngress
  NextHops next_hops;                          // of every backend
  std::vector<MacAddress> macs;
  std::vector<std::string> placeholders;  // a sentence for each that matters
};

// Fails if the configuration has no interface of a name given.
Result<Scene> set_scene(const Config& config, const HostFacts& host);

}  // namespace sluice
