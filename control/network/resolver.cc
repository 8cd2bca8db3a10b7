// SPDX-License-Identifier: Apache-2.0
#include "network/resolver.h"

#include <linux/neighbour.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

#include "network/links.h"
#include "network/routes.h"

namespace sluice {

namespace {

using LinkTable = std::unordered_map<uint32_t, Link>;

// The way to a backend but for the neighbour's MAC address.
struct Way {
  const Link* link;
  Route route;
  NeighbourKey neighbour;
  std::optional<MacAddress> fixed;  // replaces the neighbour
};

Result<Way> way_to(const IpAddress& backend, const Result<Route>& route, const LinkTable& links,
                   const FixedNextHops& fixed) {
  if (!backend.is_v4() && backend.is_link_local())
    return Error{"a link-local address does not say on which link"};
  if (!route) return route.error();
  const LinkTable::const_iterator link = links.find(route->ifindex);
  if (link == links.end()) return Error{"the interface of its route has just gone"};
  const std::string& name = link->second.name;
  if (!link->second.up) return Error{"interface " + name + " is down"};
  if (!link->second.carrier) return Error{"interface " + name + " has no carrier"};
  if (link->second.mac.is_zero()) return Error{"interface " + name + " is not an Ethernet"};
  Way way = {&link->second, *route, {route->ifindex, route->gateway.value_or(backend)}, {}};
  if (const FixedNextHops::const_iterator f = fixed.find(name); f != fixed.end())
    way.fixed = f->second;
  return way;
}

Result<MacAddress> mac_of(const Way& way, const Neighbours& neighbours,
                          const NeighbourKeeper::Refused& refused) {
  if (way.fixed) return *way.fixed;
  const Neighbours::const_iterator entry = neighbours.find(way.neighbour);
  if (entry != neighbours.end() && entry->second.usable()) return entry->second.mac;
  const std::string who = way.neighbour.address.to_string() + " on " + way.link->name;
  if (const NeighbourKeeper::Refused::const_iterator r = refused.find(way.neighbour);
      r != refused.end())
    return Error{"no neighbour: the kernel does not resolve " + who + ": " + r->second};
  if (entry == neighbours.end()) return Error{"no neighbour yet: resolving " + who};
  const uint16_t state = entry->second.state;
  if (state & NUD_FAILED) return Error{"no neighbour: " + who + " does not answer"};
  if (state == NUD_NONE || (state & NUD_INCOMPLETE))
    return Error{"no neighbour yet: resolving " + who};
  return Error{"no neighbour: " + who + " has no Ethernet address"};
}

NextHop next_hop(const Way& way, const MacAddress& destination) {
  NextHop hop;
  hop.ifindex = way.link->ifindex;
  hop.interface = way.link->name;
  hop.source = way.link->mac;
  hop.destination = destination;
  hop.preferred_source = way.route.preferred_source;
  hop.on_link = !way.route.gateway;
  hop.mtu = way.route.mtu == 0 ? way.link->mtu : std::min(way.route.mtu, way.link->mtu);
  return hop;
}

Result<LinkTable> read_links(Netlink& netlink) {
  Result<std::vector<Link>> links = list_links(netlink);
  if (!links) return links.error();
  LinkTable table;
  for (Link& link : *links) table.emplace(link.ifindex, std::move(link));
  return table;
}

}  // namespace

Result<Resolver> Resolver::create() {
  Result<Netlink> netlink = Netlink::open();
  if (!netlink) return netlink.error();
  return Resolver(std::move(*netlink));
}

Result<Resolution> Resolver::resolve(const std::vector<IpAddress>& backends,
                                     const FixedNextHops& fixed) {
  const Result<LinkTable> links = read_links(netlink_);
  if (!links) return links.error();
  const Result<Neighbours> neighbours = list_neighbours(netlink_);
  if (!neighbours) return neighbours.error();
  const Result<std::vector<Result<Route>>> routes = look_up_routes(netlink_, backends);
  if (!routes) return routes.error();

  std::vector<Result<Way>> ways;
  std::set<NeighbourKey> wanted;
  for (size_t i = 0; i < backends.size(); ++i) {
    ways.push_back(way_to(backends[i], (*routes)[i], *links, fixed));
    if (ways[i] && !ways[i]->fixed) wanted.insert(ways[i]->neighbour);
  }
  const Result<NeighbourKeeper::Refused> refused = keeper_.keep(netlink_, wanted, *neighbours);
  if (!refused) return refused.error();

  Resolution resolution;
  for (size_t i = 0; i < backends.size(); ++i) {
    Result<MacAddress> mac = Error{""};
    if (ways[i]) mac = mac_of(*ways[i], *neighbours, *refused);
    if (mac)
      resolution.found[backends[i]] = next_hop(*ways[i], *mac);
    else
      resolution.missing[backends[i]] = (ways[i] ? mac.error() : ways[i].error()).message;
  }
  return resolution;
}

}  // namespace sluice
