// SPDX-License-Identifier: Apache-2.0
#include "daemon/preview.h"

#include <algorithm>

#include "daemon/compare.h"

namespace sluice {

namespace {

const Link* find(const std::vector<Link>& links, const std::string& name) {
  const auto found = std::ranges::find(links, name, &Link::name);
  return found == links.end() ? nullptr : &*found;
}

// As Attachments::put() will demand.
Result<void> check_interfaces(const Config& wanted, const InForce& now) {
  for (const Interface& i : wanted.interfaces) {
    const bool is_new = std::ranges::find(now.config.interfaces, i.name, &Interface::name) ==
                        now.config.interfaces.end();
    if (is_new && !find(now.links, i.name))
      return Error{"interface " + i.name + ": there is no such interface"};
  }
  return {};
}

// Somebody behind the first interface: who a backend's neighbour is makes no difference to what
// fits, nor to how flows are shared out.
NextHop supposed(const Config& wanted, const InForce& now, const IpAddress& backend) {
  const Interface& first = wanted.interfaces.front();
  const Link* const link = find(now.links, first.name);
  return {.ifindex = link ? link->ifindex : 1,
          .interface = first.name,
          .source = link ? link->mac : MacAddress(),
          .destination = *MacAddress::parse("02:00:00:00:00:01"),
          .preferred_source = *IpAddress::parse(backend.is_v4() ? "192.0.2.1" : "2001:db8::1"),
          .mtu = 1500};
}

// The ways that are known, as `wanted` has them fixed, and where none is, a supposed one.
NextHops ways_for(const Config& wanted, const InForce& now) {
  NextHops hops = now.ways.known();
  for (const auto& [name, pool] : wanted.pools)
    for (const Backend& b : pool.backends)
      if (!hops.contains(b.address)) hops.emplace(b.address, supposed(wanted, now, b.address));
  for (auto& [address, hop] : hops)
    for (const Interface& i : wanted.interfaces)
      if (i.name == hop.interface && i.next_hop) hop.destination = *i.next_hop;
  return hops;
}

std::vector<api::Unusable> unresolved(const Config& wanted, const InForce& now) {
  std::vector<api::Unusable> out;
  for (const auto& [name, pool] : wanted.pools)
    for (const Backend& b : pool.backends) {
      if (now.ways.known().contains(b.address)) continue;
      const auto why = now.ways.missing().find(b.address);
      out.push_back({name + "/" + b.name, why == now.ways.missing().end()
                                              ? "its next hop has not been asked for yet"
                                              : why->second});
    }
  return out;
}

// Differences, and how many slots of each service move.
std::vector<api::ServiceChange> services(const Config& wanted, const InForce& now,
                                         const Plan& plan) {
  std::vector<api::ServiceChange> out = compare_services(now.config, wanted);
  for (const Moved& m : plan.moved) {
    const auto known = std::ranges::find(out, m.service, &api::ServiceChange::name);
    if (known != out.end())
      known->moved = m.share;
    else
      out.push_back({.name = m.service, .change = "changed", .moved = m.share});
  }
  return out;
}

}  // namespace

Result<api::ConfigDiff> preview(const Config& wanted, const InForce& now) {
  if (Result<void> r = check_interfaces(wanted, now); !r) return r.error();
  Result<Preview> p =
      now.controller.preview(wanted, ways_for(wanted, now), now.links, now.conditions);
  if (!p) return p.error();
  api::ConfigDiff out = {.generation = now.controller.live().generation,
                         .changes = !(wanted == now.config)};
  if (out.changes) {
    out.services = services(wanted, now, p->plan);
    out.interfaces = compare_interfaces(now.config, wanted);
    out.settings = compare_settings(now.config, wanted);
    out.next_hops_changed = p->plan.patch_macs.size();
    out.members_written = p->plan.put_members.size();
    out.new_data_plane = std::move(p->new_data_plane);
    out.new_programs = std::move(p->new_programs);
  }
  out.unresolved = unresolved(wanted, now);
  out.warnings = std::move(p->warnings);
  return out;
}

}  // namespace sluice
