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

class Members {
 public:
  Members(const Config& config, const NextHops& next_hops, const Conditions& conditions)
      : config_(config), next_hops_(next_hops), conditions_(conditions) {}

  void add(const std::string& pool, const Backend& b, uint32_t configured) {
    const auto hop = next_hops_.find(b.address);
    if (hop == next_hops_.end()) return;
    const HeadContext context = context_of(config_, hop->second);
    const auto [weight, dead] = condition_of(pool, b.name, configured);
    members_.push_back({.backend = pool + "/" + b.name,
                        .address = b.address,
                        .weight = weight,
                        .life = dead          ? SLUICE_LIFE_DEAD
                                : weight == 0 ? SLUICE_LIFE_DRAINING
                                              : SLUICE_LIFE_UP,
                        .heads = {member_head(b, context, InnerFamily::kV4),
                                  member_head(b, context, InnerFamily::kV6)}});
  }
  std::vector<DesiredMember> take() {
    std::sort(members_.begin(), members_.end(),
              [](const auto& a, const auto& b) { return a.address < b.address; });
    return std::move(members_);
  }

 private:
  Condition condition_of(const std::string& pool, const std::string& backend,
                         uint32_t configured) const {
    if (conditions_.empty()) return {.weight = configured};
    const auto it = conditions_.find({pool, backend});
    if (it == conditions_.end()) return {.weight = configured};
    return it->second;
  }
  const Config& config_;
  const NextHops& next_hops_;
  const Conditions& conditions_;
  std::vector<DesiredMember> members_;
};

// Those of the pool, and those that are leaving it.
std::vector<DesiredMember> desire_members(const Config& config, const Service& service,
                                          const NextHops& next_hops, const Leaving& leaving,
                                          const Conditions& conditions) {
  const Pool& pool = config.pools.at(service.pool);
  Members members(config, next_hops, conditions);
  for (const Backend& b : pool.backends) members.add(pool.name, b, b.weight);
  if (const auto gone = leaving.find(service.name); gone != leaving.end())
    for (const Backend& b : gone->second) members.add(kLeavingPool, b, 0);
  return members.take();
}

// A device has no memory for flows.
Tracking tracking_of(const Config& config, const Service& service) {
  for (const Interface& i : config.interfaces)
    if (i.mode == AttachMode::kOffload) return Tracking::kNever;
  return service.tracking;
}

}  // namespace

Desired desire(const Config& config, const NextHops& next_hops, const std::vector<MacAddress>& macs,
               const Leaving& leaving, const Conditions& conditions) {
  Desired desired = {.ring_size = config.ring_size,
                     .seed = config.seed,
                     .drain = config.drain,
                     .services = {},
                     .macs = macs,
                     .sources = {},
                     .tunnel_ports = {}};
  desire_identity(config, next_hops, desired);
  for (const Service& s : config.services) {
    DesiredService service = {.name = s.name,
                              .frontends = {},
                              .members = desire_members(config, s, next_hops, leaving, conditions),
                              .hash = s.hash,
                              .empty = s.empty,
                              .tracking = tracking_of(config, s)};
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
