// SPDX-License-Identifier: Apache-2.0
#include "plan/leaving.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace sluice {

namespace {

bool has_backend(const Pool& pool, const IpAddress& address) {
  return std::any_of(pool.backends.begin(), pool.backends.end(),
                     [&](const Backend& b) { return b.address == address; });
}

// The services and backends that there may be flows of.
using WithFlows = std::set<std::pair<std::string, IpAddress>>;

WithFlows with_flows(const Live& live, const QuietNumbers& quiet) {
  WithFlows out;
  for (const auto& [key, m] : live.members)
    if (!quiet.is_quiet(m.index)) out.emplace(key.service, key.backend);
  for (const auto& [number, r] : live.retired)
    if (!quiet.is_quiet(number)) out.emplace(r.key.service, r.key.backend);
  return out;
}

// The backends that keep the slots of the service from forgetting them.
std::set<IpAddress> needed(const ImageService& s, const WithFlows& with_flows) {
  std::set<IpAddress> out = named_by(s.tcp);
  out.merge(named_by(s.udp));
  for (const ImageMember& m : s.members)
    if (with_flows.contains({s.name, m.address})) out.insert(m.address);
  return out;
}

}  // namespace

Leaving KnownBackends::leaving(const Config& config, const Live& live,
                               const QuietNumbers& quiet) const {
  Leaving out;
  std::optional<WithFlows> flows;  // of all services, if any asks
  for (const Service& s : config.services) {
    const ImageService* const image = find_service(live.image, s.name);
    const auto known = services_.find(s.name);
    if (!image || known == services_.end()) continue;
    const Pool& pool = config.pools.at(s.pool);
    std::vector<Backend> gone;
    for (const auto& [address, backend] : known->second)
      if (!has_backend(pool, address)) gone.push_back(backend);
    if (gone.empty()) continue;
    if (!flows) flows = with_flows(live, quiet);
    const std::set<IpAddress> still = needed(*image, *flows);
    for (const Backend& b : gone)
      if (still.contains(b.address)) out[s.name].push_back(b);
  }
  return out;
}

void KnownBackends::learn(const Config& config, const Leaving& leaving) {
  services_.clear();
  for (const Service& s : config.services)
    for (const Backend& b : config.pools.at(s.pool).backends) services_[s.name][b.address] = b;
  for (const auto& [service, backends] : leaving)
    for (const Backend& b : backends) services_[service][b.address] = b;
}

}  // namespace sluice
