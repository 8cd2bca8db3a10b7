// SPDX-License-Identifier: Apache-2.0
#include "config/cross_check.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <tuple>

#include "config/words.h"

namespace sluice {

namespace {

std::string to_string(const Port& port) {
  return fmt::format("{}/{}", port.number, port.protocol == IPPROTO_TCP ? "tcp" : "udp");
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
    const std::string& name = nodes.pool->text;
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
  std::map<IpAddress, const Node*> vips;
  std::map<Port, const Node*> ports;
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

// Two services may share a VIP, but not a VIP and a port.
void check_endpoints(const Draft& draft, const std::vector<Unique>& unique, Report& report) {
  using Endpoint = std::tuple<IpAddress, Port>;
  std::map<Endpoint, const Node*> owners;
  size_t total = 0;
  for (size_t i = 0; i < unique.size() && !report.full(); i++) {
    total += unique[i].vips.size() * unique[i].ports.size();
    if (total > kMaxEndpoints)
      return complain_at_key(
          report, *draft.services[i].service,
          fmt::format("more than {} pairs of VIP and port up to here", kMaxEndpoints));
    for (const auto& [vip, node] : unique[i].vips) {
      for (const auto& [port, port_node] : unique[i].ports) {
        const auto [owner, is_new] = owners.emplace(Endpoint(vip, port), node);
        if (!is_new)
          complain(report, *node,
                   fmt::format("{} of {} already belongs to {}", to_string(port), vip.to_string(),
                               place(*owner->second)));
      }
    }
  }
}

// A packet sent to a backend that is a VIP would come back to us, for ever.
void check_backends_are_not_vips(const Draft& draft, const std::vector<Unique>& unique,
                                 Report& report) {
  std::map<IpAddress, const Node*> vips;
  for (const Unique& u : unique) vips.insert(u.vips.begin(), u.vips.end());
  for (const auto& [name, nodes] : draft.pools) {
    const Pool& pool = draft.config.pools.at(name);
    for (size_t b = 0; b < pool.backends.size(); b++) {
      const auto vip = vips.find(pool.backends[b].address);
      if (vip != vips.end())
        complain(report, *nodes.addresses[b],
                 fmt::format("{} is a VIP, {}: packets would loop",
                             pool.backends[b].address.to_string(), place(*vip->second)));
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

}  // namespace

void cross_check(const Draft& draft, Report& report) {
  check_pools_exist(draft, report);
  check_pools(draft, report);
  const std::vector<Unique> unique = check_repetitions(draft, report);
  check_endpoints(draft, unique, report);
  check_backends_are_not_vips(draft, unique, report);
}

}  // namespace sluice
