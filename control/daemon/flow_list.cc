// SPDX-License-Identifier: Apache-2.0
#include "daemon/flow_list.h"

#include <netinet/in.h>

#include <algorithm>

#include "daemon/report_flows.h"

namespace sluice {

namespace {

// Flows in one go, and what bounds an answer: how long it holds up the daemon, and its size.
constexpr uint32_t kStep = 4096;
constexpr size_t kMostLookedAt = 16 * size_t(kStep);
constexpr size_t kMostListed = 10'000;

IpAddress address_of(const sluice_addr& addr) {
  return IpAddress::from_v6(&addr);
}

std::string protocol_of(const sluice_flow& flow) {
  if (flow.proto == IPPROTO_TCP) return "tcp";
  return flow.proto == IPPROTO_UDP ? "udp" : std::to_string(flow.proto);
}

const char* state_of(const sluice_flow_entry& entry) {
  if (entry.marks & SLUICE_FLOW_HALF_OPEN) return "half-open";
  if (entry.marks & SLUICE_FLOW_RST) return "rst";
  return entry.marks & SLUICE_FLOW_FIN ? "fin" : "established";
}

double seconds_since(uint64_t seen, Time now) {
  const std::chrono::duration<double> idle = now - Time(std::chrono::nanoseconds(seen));
  return std::max(0.0, idle.count());
}

bool knows_service(const FlowKnowledge& k, const std::string& name) {
  return std::any_of(k.config.services.begin(), k.config.services.end(),
                     [&](const Service& s) { return s.name == name; });
}

// Only what a pool has, or what leaves the pool of a service.
bool knows_backend(const FlowKnowledge& k, const std::string& name) {
  const auto has = [&](const std::string& pool, const std::vector<Backend>& backends) {
    return std::any_of(backends.begin(), backends.end(),
                       [&](const Backend& b) { return pool + "/" + b.name == name; });
  };
  for (const auto& [key, pool] : k.config.pools)
    if (has(pool.name, pool.backends)) return true;
  for (const Service& s : k.config.services)
    if (const auto gone = k.leaving.find(s.name); gone != k.leaving.end())
      if (has(s.pool, gone->second)) return true;
  return false;
}

// Adds what is asked for of the next flows; false at the limit.
bool add_some(const std::vector<Flow>& flows, FlowReporter& reporter, uint32_t limit,
              api::FlowList& out) {
  for (const Flow& f : flows) {
    std::optional<api::Flow> reported = reporter.report(f);
    if (!reported) continue;
    if (limit != 0 && out.flows.size() >= limit) return false;
    out.flows.push_back(std::move(*reported));
  }
  return true;
}

}  // namespace

FlowReporter::FlowReporter(const FlowKnowledge& k, const api::FlowQuery& query, Time now)
    : k_(k), query_(query), now_(now), judge_(k.live, k.config.drain) {
}

const FlowReporter::Names& FlowReporter::names_of(const std::string& service) {
  const auto [it, is_new] = names_.try_emplace(service);
  if (!is_new) return it->second;
  for (const Service& s : k_.config.services) {
    if (s.name != service) continue;
    const Pool& pool = k_.config.pools.at(s.pool);
    for (const Backend& b : pool.backends)
      it->second[b.address] = {pool.name + "/" + b.name, false};
    if (const auto gone = k_.leaving.find(service); gone != k_.leaving.end())
      for (const Backend& b : gone->second)
        it->second.try_emplace(b.address, Name{pool.name + "/" + b.name, true});
  }
  return it->second;
}

bool FlowReporter::is_asked_for(const Flow& flow, const MemberKey* member) {
  if (query_.vip && !query_.vip->contains(address_of(flow.key.dst))) return false;
  if (query_.client && !query_.client->contains(address_of(flow.key.src))) return false;
  if (!query_.service.empty() && (!member || member->service != query_.service)) return false;
  if (query_.backend.empty()) return true;
  if (!member) return false;
  const Names& names = names_of(member->service);
  const auto name = names.find(member->backend);
  return name != names.end() && name->second.text == query_.backend;
}

std::optional<api::Flow> FlowReporter::report(const Flow& flow) {
  const MemberKey* const member = judge_.member_of(flow.entry);
  if (!is_asked_for(flow, member)) return std::nullopt;
  api::Flow out = {.protocol = protocol_of(flow.key),
                   .client = address_of(flow.key.src).to_string(),
                   .client_port = ntohs(flow.key.sport),
                   .vip = address_of(flow.key.dst).to_string(),
                   .vip_port = ntohs(flow.key.dport),
                   .service = {},
                   .backend = {},
                   .address = {},
                   .table = word_for(flow.table),
                   .state = state_of(flow.entry),
                   .idle = seconds_since(flow.entry.seen, now_)};
  if (!member) return out;
  out.service = member->service;
  out.address = member->backend.to_string();
  const Names& names = names_of(member->service);
  if (const auto name = names.find(member->backend); name != names.end()) {
    out.backend = name->second.text;
    out.leaving = name->second.leaving;
  }
  return out;
}

Result<std::optional<api::FlowList>> list_flows(const FlowTables* tables, const FlowKnowledge& k,
                                                const api::FlowQuery& query, Time now) {
  if (!query.service.empty() && !knows_service(k, query.service)) return std::nullopt;
  if (!query.backend.empty() && !knows_backend(k, query.backend)) return std::nullopt;
  api::FlowList out;
  if (!tables) return out;
  FlowTables::Walk walk(*tables, {query.after.table, query.after.position});
  FlowReporter reporter(k, query, now);
  for (size_t looked_at = 0; looked_at < kMostLookedAt && out.flows.size() < kMostListed;) {
    const Result<std::vector<Flow>> flows = walk.next(kStep);
    if (!flows) return flows.error();
    if (flows->empty()) return out;
    looked_at += flows->size();
    out.truncated = !add_some(*flows, reporter, query.limit, out);
    if (out.truncated) return out;
  }
  out.truncated = !walk.place().is_end();
  if (out.truncated)
    out.next = to_string(api::FlowPlace{uint32_t(walk.place().table), walk.place().position});
  return out;
}

}  // namespace sluice
