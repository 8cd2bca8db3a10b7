// SPDX-License-Identifier: Apache-2.0
#include "plan/leaving.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

namespace {

bool has_backend(const Pool& pool, const IpAddress& address) {
  return std::any_of(pool.backends.begin(), pool.backends.end(),
                     [&](const Backend& b) { return b.address == address; });
}

// The backends that there may be flows of.
class WithFlows {
 public:
  WithFlows(const Live& live, const QuietNumbers& quiet) : live_(live), quiet_(quiet) {
    for (const auto& [number, r] : live.retired)
      if (!quiet.is_quiet(number)) retired_.emplace(r.key.service, r.key.backend);
  }
  std::set<IpAddress> of(const std::string& service) const {
    std::set<IpAddress> out;
    const auto [first, end] = retired_.equal_range(service);
    for (auto it = first; it != end; ++it) out.insert(it->second);
    for (auto m = live_.members.lower_bound({.service = service, .backend = {}, .family = {}});
         m != live_.members.end() && m->first.service == service; ++m)
      if (!quiet_.is_quiet(m->second.index)) out.insert(m->first.backend);
    return out;
  }

 private:
  const Live& live_;
  const QuietNumbers& quiet_;
  std::multimap<std::string_view, IpAddress> retired_;  // by service
};

// The backends that keep the slots of the service from forgetting them.
std::set<IpAddress> needed(const ImageService& s, const WithFlows& with_flows) {
  std::set<IpAddress> out = named_by(s.tcp);
  out.merge(named_by(s.udp));
  const std::set<IpAddress> have_flows = with_flows.of(s.name);
  for (const ImageMember& m : s.members)
    if (have_flows.contains(m.address)) out.insert(m.address);
  return out;
}

bool is_in(const Backend& b, const KnownBackends::Backends& known) {
  const auto found = known.find(b.address);
  return found != known.end() && found->second == b;
}

}  // namespace

Leaving KnownBackends::leaving(const Config& config, const Live& live,
                               const QuietNumbers& quiet) const {
  Leaving out;
  std::optional<WithFlows> flows;  // if any service asks
  for (const Service& s : config.services) {
    const ImageService* const image = find_service(live.image, s.name);
    const auto known = services_.find(s.name);
    if (!image || known == services_.end()) continue;
    const Pool& pool = config.pools.at(s.pool);
    std::vector<Backend> gone;
    for (const auto& [address, backend] : *known->second)
      if (!has_backend(pool, address)) gone.push_back(backend);
    if (gone.empty()) continue;
    if (!flows) flows.emplace(live, quiet);
    const std::set<IpAddress> still = needed(*image, *flows);
    for (const Backend& b : gone)
      if (still.contains(b.address)) out[s.name].push_back(b);
  }
  return out;
}

KnownBackends KnownBackends::next(const Config& config, const Leaving& leaving) const {
  static const std::vector<Backend> kNone;
  Services out;
  for (const Service& s : config.services) {
    const std::vector<Backend>& present = config.pools.at(s.pool).backends;
    const auto gone = leaving.find(s.name);
    const std::vector<Backend>& past = gone == leaving.end() ? kNone : gone->second;
    const auto before = services_.find(s.name);
    const auto is_known = [&](const Backend& b) { return is_in(b, *before->second); };
    if (before != services_.end() && before->second->size() == present.size() + past.size() &&
        std::ranges::all_of(present, is_known) && std::ranges::all_of(past, is_known)) {
      out.insert(*before);
      continue;
    }
    Backends backends;
    for (const Backend& b : present) backends[b.address] = b;
    for (const Backend& b : past) backends[b.address] = b;
    out.emplace(s.name, std::make_shared<const Backends>(std::move(backends)));
  }
  return KnownBackends(std::move(out));
}

}  // namespace sluice
