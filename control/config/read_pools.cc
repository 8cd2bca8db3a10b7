// SPDX-License-Identifier: Apache-2.0
// The section `pools`: named sets of backends.
#include "config/block.h"
#include "config/checks.h"
#include "config/sections.h"
#include "config/values.h"

namespace sluice {

namespace {

constexpr uint32_t kMaxWeight = 1000;

void read_backend(const Entry& entry, const Defaults& defaults, Pool& pool, PoolNodes& nodes,
                  Report& report) {
  check_name(*entry.key, report);
  const Block block(*entry.value, kBackendKeys, "{address: 10.0.1.11}", report);
  Backend backend = {.name = std::string(entry.key->text), .forward = defaults.forward};
  if (const Node* weight = block.find("weight"))
    backend.weight = read_number(*weight, 0, kMaxWeight, report).value_or(backend.weight);
  if (const Node* forward = block.find("forward"))
    backend.forward = read_forward(*forward, report).value_or(defaults.forward);
  const Node* node = block.require("address", "where packets are sent", report);
  const std::optional<IpAddress> address = node ? read_address(*node, report) : std::nullopt;
  if (!address) return;
  backend.address = *address;
  pool.backends.push_back(std::move(backend));
  nodes.addresses.push_back(node);
}

}  // namespace

void read_pools(const Node& node, const Defaults& defaults, Draft& draft, Report& report) {
  for (const Entry& entry : entries(node, "web: {backends: ...}", report)) {
    check_name(*entry.key, report);
    const std::string name(entry.key->text);
    Pool& pool = draft.config.pools[name];
    pool.name = name;
    PoolNodes& nodes = draft.pools[name];
    nodes.pool = entry.value;
    const Block block(*entry.value, kPoolKeys, "{backends: ...}", report);
    const Node* backends = block.require("backends", "{} for none", report);
    if (!backends) continue;
    const std::vector<Entry> all = entries(*backends, "be1: {address: 10.0.1.11}", report);
    pool.backends.reserve(all.size());
    nodes.addresses.reserve(all.size());
    for (const Entry& backend : all) read_backend(backend, defaults, pool, nodes, report);
    read_health(block, all.size(), defaults.check, pool, draft, report);
  }
}

}  // namespace sluice
