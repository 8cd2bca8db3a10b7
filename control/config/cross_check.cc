// SPDX-License-Identifier: Apache-2.0
#include "config/cross_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "config/words.h"

namespace sluice {

namespace {

// As it is written in the file.
std::string to_string(const PortRange& ports) {
  const auto protocol =
      std::find_if(std::begin(kProtocols), std::end(kProtocols),
                   [&](const Choice<Protocol>& p) { return uint8_t(*p.value) == ports.protocol; });
  if (ports.is_any()) return fmt::format("any/{}", protocol->text);
  if (ports.is_one()) return fmt::format("{}/{}", ports.first, protocol->text);
  return fmt::format("{}-{}/{}", ports.first, ports.last, protocol->text);
}

// "services.shop.vip[0] (14:11)"
std::string place(const Node& node) {
  return fmt::format("{} ({})", path(node), sluice::to_string(node.at));
}

void check_pools_exist(const Draft& draft, Report& report) {
  std::vector<std::string_view> names;  // of the pools one can name
  for (const auto& [name, pool] : draft.config.pools)
    if (!name.starts_with("service:")) names.push_back(name);
  for (const ServiceNodes& nodes : draft.services) {
    if (!nodes.pool || report.full()) continue;
    const std::string_view name = nodes.pool->text;
    if (std::binary_search(names.begin(), names.end(), name)) continue;
    const std::string hint = report.wants_hints() ? did_you_mean(name, names) : "";
    complain(report, *nodes.pool, "no pool " + quoted(name) + hint);
  }
}

// Remembers `value`, or reports that an earlier element of the list is the same.
template <class T>
void add_once(std::map<T, const Node*>& seen, const T& value, const Node& node, Report& report) {
  const auto [first, is_new] = seen.emplace(value, &node);
  if (!is_new && !report.full())
    complain(report, node,
             fmt::format("{} is already listed ({})", excerpt(node.text),
                         sluice::to_string(first->second->at)));
}

// A service's VIPs and ports, each once.
struct Unique {
  std::map<IpPrefix, const Node*> vips;
  std::map<PortRange, const Node*> ports;
};

std::vector<Unique> check_repetitions(const Draft& draft, Report& report) {
  std::vector<Unique> result(draft.services.size());
  for (size_t i = 0; i < draft.services.size(); i++) {
    const Service& service = draft.config.services[i];
    const ServiceNodes& nodes = draft.services[i];
    for (size_t v = 0; v < service.vips.size(); v++)
      add_once(result[i].vips, service.vips[v], *nodes.vips[v], report);
    for (size_t p = 0; p < service.ports.size(); p++)
      add_once(result[i].ports, service.ports[p], *nodes.ports[p], report);
  }
  return result;
}

struct PlacedPorts {
  PortRange ports;
  const Node* node;
};

// Finds ranges that overlap among ports that come in ascending order: whatever overlaps an earlier
// range also overlaps the one that reaches furthest. Single ports and "any" overlap nothing: a
// packet belongs to its port, else to the range that holds it, else to "any".
class Overlaps {
 public:
  // An earlier range that overlaps this one.
  std::optional<PlacedPorts> add(const PlacedPorts& next) {
    if (!next.ports.is_range()) return std::nullopt;
    const auto [furthest, is_new] = furthest_.try_emplace(next.ports.protocol, next);
    if (is_new) return std::nullopt;
    const PlacedPorts before = furthest->second;
    if (before.ports.last < next.ports.last) furthest->second = next;
    return before.ports.last >= next.ports.first ? std::optional(before) : std::nullopt;
  }

 private:
  std::map<uint8_t, PlacedPorts> furthest_;  // by protocol
};

void check_overlaps_within_services(const std::vector<Unique>& unique, Report& report) {
  for (const Unique& service : unique) {
    Overlaps overlaps;
    for (const auto& [ports, node] : service.ports) {
      if (report.full()) return;
      PlacedPorts later = {ports, node};
      std::optional<PlacedPorts> earlier = overlaps.add(later);
      if (!earlier) continue;
      if (later.node->at < earlier->node->at) std::swap(later, *earlier);
      complain(report, *later.node,
               fmt::format("{} overlaps {} ({})", to_string(later.ports), to_string(earlier->ports),
                           sluice::to_string(earlier->node->at)));
    }
  }
}

// The ports of a service at one of its VIPs; `node` is the VIP's.
struct Claim {
  IpPrefix vip;
  PortRange ports;
  const Node* node;
};

// Nothing if there are too many.
std::vector<Claim> collect_claims(const Draft& draft, const std::vector<Unique>& unique,
                                  Report& report) {
  std::vector<Claim> claims;
  for (size_t i = 0; i < unique.size(); i++) {
    if (claims.size() + unique[i].vips.size() * unique[i].ports.size() > kMaxEndpoints) {
      complain_at_key(report, *draft.services[i].service,
                      fmt::format("more than {} pairs of VIP and port up to here", kMaxEndpoints));
      return {};
    }
    for (const auto& [vip, node] : unique[i].vips)
      for (const auto& [ports, ports_node] : unique[i].ports) claims.push_back({vip, ports, node});
  }
  return claims;
}

// `owner` and `other` claim the same ports, or ranges that overlap, of one VIP.
void complain_of_conflict(const Claim& owner, const Claim& other, Report& report) {
  const bool in_order = owner.node->at < other.node->at;
  const Claim &earlier = in_order ? owner : other, &later = in_order ? other : owner;
  const std::string what = to_string(later.ports) + " of " + later.vip.to_string();
  complain(report, *later.node,
           earlier.ports == later.ports
               ? fmt::format("{} already belongs to {}", what, place(*earlier.node))
               : fmt::format("{} overlaps {} of {}", what, to_string(earlier.ports),
                             place(*earlier.node)));
}

// Two services may share a VIP, but not a VIP and a port. Of a VIP within a wider one nothing is
// asked: its packets are its own.
void check_endpoints(std::vector<Claim> claims, Report& report) {
  std::sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) {
    return std::tie(a.vip, a.ports, a.node->at) < std::tie(b.vip, b.ports, b.node->at);
  });
  const Claim* owner = nullptr;  // the first with these ports of this VIP
  Overlaps overlaps;
  for (const Claim& claim : claims) {
    if (report.full()) return;
    if (!owner || owner->vip != claim.vip) overlaps = {};
    if (owner && owner->vip == claim.vip && owner->ports == claim.ports) {
      complain_of_conflict(*owner, claim, report);
      continue;
    }
    owner = &claim;
    const std::optional<PlacedPorts> other = overlaps.add({claim.ports, claim.node});
    // The same node is the same service: check_overlaps_within_services() has said it.
    if (other && other->node != claim.node)
      complain_of_conflict({claim.vip, other->ports, other->node}, claim, report);
  }
}

// VIPs that are not within another one, in ascending order.
std::vector<std::pair<IpPrefix, const Node*>> widest_vips(const std::vector<Unique>& unique) {
  std::map<IpPrefix, const Node*> all;
  for (const Unique& u : unique) all.insert(u.vips.begin(), u.vips.end());
  std::vector<std::pair<IpPrefix, const Node*>> widest;
  for (const auto& entry : all)  // a prefix comes right before what is within it
    if (widest.empty() || !widest.back().first.contains(entry.first.address))
      widest.push_back(entry);
  return widest;
}

// A packet sent to a backend that is a VIP would come back to us, for ever.
void check_backends_are_not_vips(const Draft& draft, const std::vector<Unique>& unique,
                                 Report& report) {
  const std::vector<std::pair<IpPrefix, const Node*>> vips = widest_vips(unique);
  for (const auto& [name, nodes] : draft.pools) {
    const Pool& pool = draft.config.pools.at(name);
    for (size_t b = 0; b < pool.backends.size(); b++) {
      if (report.full()) return;
      const IpAddress& address = pool.backends[b].address;
      const auto after = std::upper_bound(
          vips.begin(), vips.end(), address,
          [](const IpAddress& a, const auto& entry) { return a < entry.first.address; });
      if (after == vips.begin() || !std::prev(after)->first.contains(address)) continue;
      complain(report, *nodes.addresses[b],
               fmt::format("{} is a VIP, {}: packets would loop", address.to_string(),
                           place(*std::prev(after)->second)));
    }
  }
}

void check_pools(const Draft& draft, Report& report) {
  for (const auto& [name, nodes] : draft.pools) {
    const Pool& pool = draft.config.pools.at(name);
    std::map<IpAddress, const Node*> seen;
    for (size_t b = 0; b < pool.backends.size(); b++)
      add_once(seen, pool.backends[b].address, *nodes.addresses[b], report);
    const size_t most = std::min<size_t>(kMaxBackendsPerPool, draft.config.ring_size);
    if (seen.size() > most)
      complain_at_key(report, *nodes.pool,
                      fmt::format("{} backends; {}", seen.size(),
                                  most == kMaxBackendsPerPool
                                      ? fmt::format("at most {} are supported", most)
                                      : fmt::format("the ring has only {} slots", most)));
  }
}

// A check without a port of its own asks the first port of its services that stands alone.
bool needs_port(const std::optional<Check>& check) {
  return check && check->port == 0 && !std::holds_alternative<IcmpCheck>(check->probe) &&
         !std::holds_alternative<ExecCheck>(check->probe);
}

void check_ports_of_checks(const Draft& draft, Report& report) {
  std::map<std::string_view, bool> has_port;  // of the pools that are used
  for (const Service& service : draft.config.services)
    has_port[service.pool] |=
        service.ports.empty() ||  // has been reported
        std::any_of(service.ports.begin(), service.ports.end(), std::mem_fn(&PortRange::is_one));
  for (const auto& [name, nodes] : draft.pools) {
    const auto used = has_port.find(name);
    if (used == has_port.end() || used->second || !needs_port(draft.config.pools.at(name).check))
      continue;
    complain_at_key(report, nodes.check ? *nodes.check : *nodes.pool,
                    "which port is to be checked? The services have only ranges, or any port: give "
                    "the check a \"port\"");
  }
}

}  // namespace

void cross_check(const Draft& draft, Report& report) {
  check_pools_exist(draft, report);
  check_pools(draft, report);
  const std::vector<Unique> unique = check_repetitions(draft, report);
  check_overlaps_within_services(unique, report);
  check_endpoints(collect_claims(draft, unique, report), report);
  check_backends_are_not_vips(draft, unique, report);
  check_ports_of_checks(draft, report);
}

}  // namespace sluice
