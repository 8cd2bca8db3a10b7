// SPDX-License-Identifier: Apache-2.0
#include "daemon/ways.h"

#include <set>

#include "base/log.h"

namespace sluice {

namespace {

std::set<IpAddress> backends_of(const Config& config, const Leaving& leaving) {
  std::set<IpAddress> out;
  for (const auto& [name, pool] : config.pools)
    for (const Backend& b : pool.backends) out.insert(b.address);
  for (const auto& [service, backends] : leaving)
    for (const Backend& b : backends) out.insert(b.address);
  return out;
}

FixedNextHops fixed_of(const Config& config) {
  FixedNextHops out;
  for (const Interface& i : config.interfaces)
    if (i.next_hop) out.emplace(i.name, *i.next_hop);
  return out;
}

}  // namespace

// Without a tunnel a packet finds the backend by its MAC address alone.
void refuse_l2_off_link(const Config& config, Resolution& now) {
  for (const auto& [name, pool] : config.pools)
    for (const Backend& b : pool.backends) {
      const auto hop = now.found.find(b.address);
      if (b.forward.tunnel != Tunnel::kL2 || hop == now.found.end() || hop->second.on_link)
        continue;
      now.missing.emplace(b.address, "forward: l2 needs the backend on the link, not behind " +
                                         hop->second.destination.to_string());
      now.found.erase(hop);
    }
}

Result<Ways> Ways::create() {
  Result<Resolver> resolver = Resolver::create();
  if (!resolver) return resolver.error();
  return Ways(std::move(*resolver));
}

Result<void> Ways::refresh(const Config& config, const Leaving& leaving) {
  const std::set<IpAddress> wanted = backends_of(config, leaving);
  Result<Resolution> now = resolver_.resolve({wanted.begin(), wanted.end()}, fixed_of(config));
  if (!now) return now.error();
  refuse_l2_off_link(config, *now);
  for (const auto& [address, why] : now->missing)
    if (!missing_.contains(address))
      spdlog::warn("backend {}: {}{}", address.to_string(), why,
                   known_.contains(address) ? "; its last next hop stays in use" : "");
  for (const auto& [address, hop] : now->found) {
    if (missing_.contains(address)) spdlog::info("backend {}: reachable", address.to_string());
    known_.insert_or_assign(address, hop);
  }
  missing_ = std::move(now->missing);
  std::erase_if(known_, [&](const auto& k) { return !wanted.contains(k.first); });
  return {};
}

bool Ways::complete_but_for(const std::map<IpAddress, std::string>& given_up) const {
  for (const auto& [address, why] : missing_)
    if (!known_.contains(address) && !given_up.contains(address)) return false;
  return true;
}

}  // namespace sluice
