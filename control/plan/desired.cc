// SPDX-License-Identifier: Apache-2.0
#include "plan/desired.h"

#include <algorithm>

#include "plan/member_head.h"

namespace sluice {

namespace {

std::vector<DesiredMember> desire_members(const Pool& pool, const NextHops& next_hops) {
  std::vector<DesiredMember> members;
  for (const Backend& b : pool.backends) {
    const auto hop = next_hops.find(b.address);
    if (hop == next_hops.end()) continue;
    members.push_back({.backend = pool.name + "/" + b.name,
                       .address = b.address,
                       .weight = b.weight,
                       .heads = {member_head(b, hop->second, InnerFamily::kV4),
                                 member_head(b, hop->second, InnerFamily::kV6)}});
  }
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  return members;
}

}  // namespace

Desired desire(const Config& config, const NextHops& next_hops) {
  Desired desired = {.ring_size = config.ring_size, .seed = config.seed, .services = {}};
  for (const Service& s : config.services) {
    DesiredService service = {.name = s.name,
                              .frontends = {},
                              .members = desire_members(config.pools.at(s.pool), next_hops),
                              .hash = s.hash,
                              .empty = s.empty};
    for (const IpAddress& vip : s.vips)
      for (const Port& port : s.ports) service.frontends.push_back({vip, port});
    std::sort(service.frontends.begin(), service.frontends.end());
    desired.services.push_back(std::move(service));
  }
  std::sort(desired.services.begin(), desired.services.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return desired;
}

}  // namespace sluice
