// SPDX-License-Identifier: Apache-2.0
#include "daemon/ways.h"

#include <algorithm>

#include "base/log.h"

namespace sluice {

namespace {

FixedNextHops fixed_of(const Config& config, const Ways::Renamed& renamed) {
  FixedNextHops out;
  for (const Interface& i : config.interfaces) {
    const auto now = renamed.find(i.name);
    if (i.next_hop) out.emplace(now == renamed.end() ? i.name : now->second, *i.next_hop);
  }
  return out;
}

void name_as_configured(const Ways::Renamed& renamed, NextHops& hops) {
  for (auto& [backend, hop] : hops)
    for (const auto& [name, now] : renamed)
      if (hop.interface == now) {
        hop.interface = name;
        break;
      }
}

// Without a tunnel a packet finds the backend by its MAC address alone.
void refuse_off_link(const std::vector<IpAddress>& l2, Resolution& now) {
  for (const IpAddress& address : l2) {
    const auto hop = now.found.find(address);
    if (hop == now.found.end() || hop->second.on_link) continue;
    now.missing.emplace(address, "forward: l2 needs the backend on the link, not behind " +
                                     hop->second.destination.to_string());
    now.found.erase(hop);
  }
}

void put_in_order(std::vector<IpAddress>& addresses) {
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
}

}  // namespace

Ways::Question Ways::question_of(const Config& config, const Leaving& leaving,
                                 const Renamed& renamed) {
  Question out = {.backends = {}, .l2 = {}, .fixed = fixed_of(config, renamed), .renamed = renamed};
  for (const auto& [name, pool] : config.pools)
    for (const Backend& b : pool.backends) {
      out.backends.push_back(b.address);
      if (b.forward.tunnel == Tunnel::kL2) out.l2.push_back(b.address);
    }
  for (const auto& [service, backends] : leaving)
    for (const Backend& b : backends) out.backends.push_back(b.address);
  put_in_order(out.backends);
  put_in_order(out.l2);
  return out;
}

Result<Ways> Ways::create() {
  Result<Resolver> resolver = Resolver::create();
  if (!resolver) return resolver.error();
  return Ways(std::move(*resolver));
}

Result<void> Ways::refresh(const Config& config, const Leaving& leaving, const Renamed& renamed) {
  return ask(question_of(config, leaving, renamed));
}

Result<void> Ways::look_up(const Config& config, const Leaving& leaving, const Renamed& renamed) {
  Question question = question_of(config, leaving, renamed);
  if (missing_.empty() && question == asked_) return {};
  return ask(std::move(question));
}

Result<void> Ways::ask(Question question) {
  const std::vector<IpAddress>& wanted = question.backends;
  Result<Resolution> now = resolver_.resolve(wanted, question.fixed);
  if (!now) return now.error();
  name_as_configured(question.renamed, now->found);
  refuse_off_link(question.l2, *now);
  for (const auto& [address, why] : now->missing)
    if (!missing_.contains(address))
      spdlog::warn("backend {}: {}{}", address.to_string(), why,
                   known_.contains(address) ? "; its last next hop stays in use" : "");
  for (const auto& [address, hop] : now->found) {
    if (missing_.contains(address)) spdlog::info("backend {}: reachable", address.to_string());
    known_.insert_or_assign(address, hop);
  }
  missing_ = std::move(now->missing);
  std::erase_if(known_, [&](const auto& k) {
    return !std::binary_search(wanted.begin(), wanted.end(), k.first);
  });
  asked_ = std::move(question);
  return {};
}

bool Ways::complete_but_for(const std::map<IpAddress, std::string>& given_up) const {
  for (const auto& [address, why] : missing_)
    if (!known_.contains(address) && !given_up.contains(address)) return false;
  return true;
}

}  // namespace sluice
