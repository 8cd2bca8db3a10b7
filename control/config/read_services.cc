// SPDX-License-Identifier: Apache-2.0
// The section `services`: VIPs and ports, and the pool that serves them.
#include <fmt/format.h>

#include "config/block.h"
#include "config/checks.h"
#include "config/sections.h"
#include "config/values.h"

namespace sluice {

namespace {

void complain_if_empty(const Node& node, std::string_view what, Report& report) {
  if (node.kind == Node::Kind::kList && node.items.empty())
    complain(report, node, "at least one " + std::string(what) + " is needed");
}

// `backends: [10.0.3.1, 10.0.3.2]`: a pool without a name, whose backends are named by address.
void read_anonymous_pool(const Block& block, const Node& node, const Defaults& defaults,
                         const std::string& name, Draft& draft, Report& report) {
  Pool& pool = draft.config.pools[name];
  pool.name = name;
  PoolNodes& nodes = draft.pools[name];
  nodes.pool = &node;
  if (node.kind == Node::Kind::kMap)
    return complain(report, node, "a list of addresses is expected; named backends need a pool");
  for (const Node* item : one_or_more(node)) {
    const std::optional<IpAddress> address = read_address(*item, report);
    if (!address) continue;
    pool.backends.push_back(
        {.name = address->to_string(), .address = *address, .forward = defaults.forward});
    nodes.addresses.push_back(item);
  }
  read_health(block, one_or_more(node).size(), defaults.check, pool, draft, report);
}

// Of a service whose pool says it.
void refuse_health(const Block& block, const std::string& pool, Report& report) {
  for (const std::string_view key : kHealthKeys)
    if (const Node* value = block.find(key))
      complain(report, *value->key,
               fmt::format("\"{}\" is the pool's: write it in pools.{}, for all of its services",
                           key, excerpt(pool)));
}

void read_backends(const Block& block, const Defaults& defaults, Service& service,
                   ServiceNodes& nodes, Draft& draft, Report& report) {
  const Node* list = block.find("backends");
  const Node* pool = list ? block.find("pool")
                          : block.require("pool", "or \"backends\": a list of addresses", report);
  if (list && pool) {
    complain(report, *pool, "a service has either \"pool\" or \"backends\"");
  } else if (list) {
    service.pool = "service:" + service.name;
    read_anonymous_pool(block, *list, defaults, service.pool, draft, report);
  } else if (pool) {
    service.pool = read_text(*pool, "the name of a pool", report).value_or("");
    if (service.pool.empty()) return;
    nodes.pool = pool;
    refuse_health(block, service.pool, report);
  }
}

void read_vip_list(const Node& node, Service& service, ServiceNodes& nodes, Report& report) {
  complain_if_empty(node, "VIP", report);
  for (const Node* item : one_or_more(node)) {
    const std::optional<IpPrefix> vip = read_prefix(*item, report);
    if (!vip) continue;
    service.vips.push_back(*vip);
    nodes.vips.push_back(item);
  }
}

void read_port_list(const Node& node, Service& service, ServiceNodes& nodes, Report& report) {
  complain_if_empty(node, "port", report);
  for (const Node* item : one_or_more(node)) {
    const std::optional<PortRange> ports = read_ports(*item, report);
    if (!ports) continue;
    service.ports.push_back(*ports);
    nodes.ports.push_back(item);
  }
}

void read_service(const Entry& entry, const Defaults& defaults, Draft& draft, Report& report) {
  check_name(*entry.key, report);
  const Block block(*entry.value, kServiceKeys, "{vip: ..., ports: ..., pool: ...}", report);
  Service service = {
      .name = std::string(entry.key->text), .hash = defaults.hash, .tracking = defaults.tracking};
  ServiceNodes nodes = {.service = entry.value};
  if (const Node* vip = block.require("vip", "the addresses clients use", report))
    read_vip_list(*vip, service, nodes, report);
  if (const Node* ports = block.require("ports", "such as 443/tcp", report))
    read_port_list(*ports, service, nodes, report);
  if (const Node* hash = block.find("hash"))
    service.hash = read_choice(*hash, kHashes, report).value_or(defaults.hash);
  if (const Node* empty = block.find("empty"))
    service.empty = read_choice(*empty, kEmptyPolicies, report).value_or(EmptyPolicy::kDrop);
  if (const Node* tracking = block.find("tracking"))
    service.tracking = read_choice(*tracking, kTrackings, report).value_or(defaults.tracking);
  read_backends(block, defaults, service, nodes, draft, report);
  draft.config.services.push_back(std::move(service));
  draft.services.push_back(std::move(nodes));
}

}  // namespace

void read_services(const Node& node, const Defaults& defaults, Draft& draft, Report& report) {
  for (const Entry& entry : entries(node, "shop: {vip: ..., ports: ..., pool: ...}", report))
    read_service(entry, defaults, draft, report);
}

}  // namespace sluice
