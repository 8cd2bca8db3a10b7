// SPDX-License-Identifier: Apache-2.0
#include "plan/desired.h"

#include <algorithm>
#include <set>

#include "plan/member_head.h"

namespace sluice {

namespace {

bool keeps_vlan(const Config& config, const std::string& interface) {
  for (const Interface& i : config.interfaces)
    if (i.name == interface) return i.keep_vlan;
  return false;
}

HeadContext context_of(const Config& config, const NextHop& way) {
  const uint32_t mtu = config.mtu ? std::min(config.mtu, way.mtu) : way.mtu;
  return {.way = way, .mtu = mtu, .keep_vlan = keeps_vlan(config, way.interface)};
}

// Fills in what the data plane should know of its own tunnels.
void desire_identity(const Config& config, const NextHops& next_hops, Desired& desired) {
  std::set<IpPrefix> sources;
  std::set<uint16_t> ports;
  for (const auto& [name, pool] : config.pools)
    for (const Backend& b : pool.backends) {
      const auto hop = next_hops.find(b.address);
      if (hop == next_hops.end() || b.forward.tunnel == Tunnel::kL2) continue;
      sources.insert(outer_source(b, hop->second));
      for (uint16_t port : {b.forward.port, b.forward.port_v6})
        if (port) ports.insert(port);
    }
  desired.sources.assign(sources.begin(), sources.end());
  desired.tunnel_ports.assign(ports.begin(), ports.end());
}

std::vector<DesiredMember> desire_members(const Config& config, const Pool& pool,
                                          const NextHops& next_hops) {
  std::vector<DesiredMember> members;
  for (const Backend& b : pool.backends) {
    const auto hop = next_hops.find(b.address);
    if (hop == next_hops.end()) continue;
    members.push_back(
        {.backend = pool.name + "/" + b.name,
         .address = b.address,
         .weight = b.weight,
         .heads = {member_head(b, context_of(config, hop->second), InnerFamily::kV4),
                   member_head(b, context_of(config, hop->second), InnerFamily::kV6)}});
  }
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  return members;
}

}  // namespace

Desired desire(const Config& config, const NextHops& next_hops,
               const std::vector<MacAddress>& macs) {
  Desired desired = {.ring_size = config.ring_size, .seed = config.seed, .macs = macs};
  desire_identity(config, next_hops, desired);
  for (const Service& s : config.services) {
    DesiredService service = {.name = s.name,
                              .frontends = {},
                              .members = desire_members(config, config.pools.at(s.pool), next_hops),
                              .hash = s.hash,
                              .empty = s.empty};
    for (const IpPrefix& vip : s.vips)
      for (const PortRange& ports : s.ports) service.frontends.push_back({vip, ports});
    std::sort(service.frontends.begin(), service.frontends.end());
    desired.services.push_back(std::move(service));
  }
  std::sort(desired.services.begin(), desired.services.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return desired;
}

}  // namespace sluice
