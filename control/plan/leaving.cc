// SPDX-License-Identifier: Apache-2.0
#include "plan/leaving.h"

#include <algorithm>

namespace sluice {

namespace {

bool has_backend(const Pool& pool, const IpAddress& address) {
  return std::any_of(pool.backends.begin(), pool.backends.end(),
                     [&](const Backend& b) { return b.address == address; });
}

bool has_flows(const std::string& service, const IpAddress& backend, const Live& live,
               const QuietNumbers& quiet) {
  const auto is_its = [&](const MemberKey& k) {
    return k.service == service && k.backend == backend;
  };
  for (const auto& [key, m] : live.members)
    if (is_its(key) && !quiet.is_quiet(m.index)) return true;
  for (const auto& [number, r] : live.retired)
    if (is_its(r.key) && !quiet.is_quiet(number)) return true;
  return false;
}

// The backends that keep the slots of the service from forgetting them.
std::set<IpAddress> needed(const ImageService& s, const Live& live, const QuietNumbers& quiet) {
  std::set<IpAddress> out = named_by(s.tcp);
  out.merge(named_by(s.udp));
  for (const ImageMember& m : s.members)
    if (has_flows(s.name, m.address, live, quiet)) out.insert(m.address);
  return out;
}

}  // namespace

Leaving KnownBackends::leaving(const Config& config, const Live& live,
                               const QuietNumbers& quiet) const {
  Leaving out;
  for (const Service& s : config.services) {
    const auto image = std::find_if(live.image.services.begin(), live.image.services.end(),
                                    [&](const ImageService& i) { return i.name == s.name; });
    const auto known = services_.find(s.name);
    if (image == live.image.services.end() || known == services_.end()) continue;
    const Pool& pool = config.pools.at(s.pool);
    std::vector<Backend> gone;
    for (const auto& [address, backend] : known->second)
      if (!has_backend(pool, address)) gone.push_back(backend);
    if (gone.empty()) continue;
    const std::set<IpAddress> still = needed(*image, live, quiet);
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
