// SPDX-License-Identifier: Apache-2.0
#include "simulate/scene.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernel/test_run.h"

namespace sluice {

namespace {

const Interface* find(const Config& config, const std::string& name) {
  const auto found = std::ranges::find(config.interfaces, name, &Interface::name);
  return found == config.interfaces.end() ? nullptr : &*found;
}

Result<const Interface*> demand(const Config& config, const std::string& name) {
  if (const Interface* found = find(config, name)) return found;
  std::vector<std::string> names;
  for (const Interface& i : config.interfaces) names.push_back(i.name);
  return Error{
      fmt::format("the configuration has no interface {}, only {}", name, fmt::join(names, ", "))};
}

Result<const Interface*> choose_ingress(const Config& config, const HostFacts& host) {
  if (host.ingress.empty()) return &config.interfaces.front();
  return demand(config, host.ingress);
}

Result<const Interface*> choose_egress(const Config& config, const HostFacts& host,
                                       const Interface& ingress) {
  if (!host.egress.empty()) return demand(config, host.egress);
  if (ingress.next_hop) return &ingress;
  for (const Interface& i : config.interfaces)
    if (i.next_hop) return &i;
  return &ingress;
}

// Indices that the program can tell apart, and that name no device: nothing is sent.
std::map<uint32_t, std::string> number(const Config& config, const std::string& ingress) {
  std::map<uint32_t, std::string> out = {{kTestIngress, ingress}};
  uint32_t next = kTestIngress + 1;
  for (const Interface& i : config.interfaces)
    if (i.name != ingress) out.emplace(next++, i.name);
  return out;
}

uint32_t index_of(const Scene& scene, const std::string& interface) {
  for (const auto& [index, name] : scene.interfaces)
    if (name == interface) return index;
  return 0;
}

// The addresses the host would send from.
struct Sources {
  IpAddress v4 = *IpAddress::parse(kPlaceholderLocal4);
  IpAddress v6 = *IpAddress::parse(kPlaceholderLocal6);
  bool knows_v4 = false, knows_v6 = false;
};

Sources sources_of(const std::vector<IpAddress>& local) {
  Sources out;
  for (const IpAddress& a : local) {
    bool& known = a.is_v4() ? out.knows_v4 : out.knows_v6;
    if (!known) (a.is_v4() ? out.v4 : out.v6) = a;
    known = true;
  }
  return out;
}

// Does some backend's tunnel start at the host's own address of that family?
bool uses_own_address(const Config& config, bool v4) {
  for (const auto& [name, pool] : config.pools)
    for (const Backend& b : pool.backends) {
      const auto& chosen = v4 ? b.forward.source_v4 : b.forward.source_v6;
      if (b.address.is_v4() == v4 && b.forward.tunnel != Tunnel::kL2 && !chosen) return true;
    }
  return false;
}

std::vector<std::string> placeholders(const Config& config, const HostFacts& host,
                                      const Interface& egress, const Sources& sources) {
  std::vector<std::string> out;
  if (!egress.next_hop && !host.next_hop)
    out.push_back(fmt::format("{} has no next_hop: packets for backends go to {} (--next-hop)",
                              egress.name, kPlaceholderNextHop));
  if (!host.mac)
    out.push_back(fmt::format(
        "no MAC address is known: frames for any are taken, and packets for backends leave from {} "
        "(--mac)",
        kPlaceholderMac));
  if (!sources.knows_v4 && uses_own_address(config, true))
    out.push_back(
        fmt::format("no IPv4 address is known: tunnels start at {} (--local)", kPlaceholderLocal4));
  if (!sources.knows_v6 && uses_own_address(config, false))
    out.push_back(
        fmt::format("no IPv6 address is known: tunnels start at {} (--local)", kPlaceholderLocal6));
  return out;
}

}  // namespace

Result<Scene> set_scene(const Config& config, const HostFacts& host) {
  const Result<const Interface*> ingress = choose_ingress(config, host);
  if (!ingress) return ingress.error();
  const Result<const Interface*> egress = choose_egress(config, host, **ingress);
  if (!egress) return egress.error();
  const Sources sources = sources_of(host.local);
  Scene scene = {.ingress = (*ingress)->name,
                 .mode = (*ingress)->mode,
                 .interfaces = number(config, (*ingress)->name),
                 .next_hops = {},
                 .macs = {},
                 .placeholders = placeholders(config, host, **egress, sources)};
  if (host.mac) scene.macs.push_back(*host.mac);
  NextHop hop = {.ifindex = index_of(scene, (*egress)->name),
                 .interface = (*egress)->name,
                 .source = host.mac.value_or(*MacAddress::parse(kPlaceholderMac)),
                 .mtu = host.mtu};
  hop.destination =
      (*egress)->next_hop.value_or(host.next_hop.value_or(*MacAddress::parse(kPlaceholderNextHop)));
  for (const auto& [name, pool] : config.pools)
    for (const Backend& b : pool.backends) {
      hop.preferred_source = b.address.is_v4() ? sources.v4 : sources.v6;
      scene.next_hops[b.address] = hop;
    }
  return scene;
}

}  // namespace sluice
