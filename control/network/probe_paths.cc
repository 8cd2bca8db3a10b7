// SPDX-License-Identifier: Apache-2.0
#include "network/probe_paths.h"

#include <fmt/format.h>
#include <linux/netconf.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <optional>

#include "network/links.h"
#include "network/routes.h"

namespace sluice {

namespace {

using Routes = std::map<IpAddress, Result<Route>>;

Result<Routes> routes_to(Netlink& netlink, std::vector<IpAddress> destinations, uint32_t mark) {
  std::sort(destinations.begin(), destinations.end());
  destinations.erase(std::unique(destinations.begin(), destinations.end()), destinations.end());
  Result<std::vector<Result<Route>>> found = look_up_routes(netlink, destinations, mark);
  if (!found) return found.error();
  Routes routes;
  for (size_t i = 0; i < destinations.size(); i++)
    routes.emplace(destinations[i], std::move(found->at(i)));
  return routes;
}

// How strictly an interface looks at IPv4 sources: the net.ipv4.conf.*.rp_filter of its own and of
// all, whichever is more.
Result<uint32_t> rp_filter_of(Netlink& netlink, int32_t ifindex) {
  netconfmsg header = {};
  header.ncm_family = AF_INET;
  uint32_t most = 0;
  for (const int32_t which : {ifindex, int32_t(NETCONFA_IFINDEX_ALL)}) {
    std::vector<NetlinkRequest> requests;
    requests.emplace_back(uint16_t(RTM_GETNETCONF), uint16_t(0), header);
    requests[0].put(NETCONFA_IFINDEX, &which, sizeof which);
    int refused = 0;
    Result<void> asked = netlink.ask(requests, [&](size_t, int error, const nlmsghdr* answer) {
      refused = error;
      if (!answer) return;
      const NetlinkAttributes attributes(answer, sizeof header, NETCONFA_MAX);
      most = std::max(most, attributes.u32(NETCONFA_RP_FILTER));
    });
    if (!asked) return asked.error();
    if (refused != 0) return errno_error("ask for an interface's rp_filter", -refused);
  }
  return most;
}

// What this host knows of itself and of its ways, read once for all probes.
class Host {
 public:
  static Result<Host> read(Netlink& netlink, const std::vector<ProbeEnds>& ends, uint32_t mark) {
    std::vector<IpAddress> vips, all;
    for (const ProbeEnds& e : ends) {
      vips.push_back(e.vip);
      all.insert(all.end(), {e.vip, e.backend});
    }
    Host host;
    Result<Routes> marked = routes_to(netlink, std::move(vips), mark);
    if (!marked) return marked.error();
    host.marked_ = std::move(*marked);
    Result<Routes> routes = routes_to(netlink, std::move(all), 0);
    if (!routes) return routes.error();
    host.routes_ = std::move(*routes);
    Result<std::vector<Link>> links = list_links(netlink);
    if (!links) return links.error();
    for (Link& link : *links) host.links_.emplace(link.ifindex, std::move(link));
    Result<std::vector<LinkAddress>> addresses = list_addresses(netlink);
    if (!addresses) return addresses.error();
    host.addresses_ = std::move(*addresses);
    if (Result<void> r = host.read_filters(netlink); !r) return r.error();
    return host;
  }

  // Why a marked packet to the VIP would not leave by the device, or not get further.
  std::optional<std::string> obstacle(const ProbeEnds& ends, uint32_t ifindex) const;
  // Nothing if there is none that is not in `vips`.
  std::optional<IpAddress> source(const ProbeEnds& ends, const std::vector<IpPrefix>& vips) const;
  std::string doubt(const ProbeEnds& ends) const;

 private:
  Result<void> read_filters(Netlink& netlink);
  std::optional<std::string> obstacle_before_tunnel(const IpAddress& vip, uint32_t ifindex) const;
  std::optional<std::string> obstacle_behind_tunnel(const IpAddress& backend) const;
  std::string name_of(uint32_t ifindex) const {
    const auto link = links_.find(ifindex);
    return link == links_.end() ? fmt::format("interface {}", ifindex) : link->second.name;
  }

  Routes marked_, routes_;
  std::map<uint32_t, Link> links_;
  std::vector<LinkAddress> addresses_;
  std::map<uint32_t, uint32_t> filters_;  // rp_filter by interface
};

Result<void> Host::read_filters(Netlink& netlink) {
  for (const auto& [destination, route] : routes_) {
    if (!destination.is_v4() || !route || filters_.contains(route->ifindex)) continue;
    const Result<uint32_t> filter = rp_filter_of(netlink, int32_t(route->ifindex));
    if (!filter) return filter.error();
    filters_.emplace(route->ifindex, *filter);
  }
  return {};
}

std::optional<std::string> Host::obstacle(const ProbeEnds& ends, uint32_t ifindex) const {
  const std::optional<std::string> before = obstacle_before_tunnel(ends.vip, ifindex);
  return before ? before : obstacle_behind_tunnel(ends.backend);
}

std::optional<std::string> Host::obstacle_before_tunnel(const IpAddress& vip,
                                                        uint32_t ifindex) const {
  const bool local = std::any_of(addresses_.begin(), addresses_.end(),
                                 [&](const LinkAddress& a) { return a.address == vip; });
  if (local)
    return fmt::format(
        "{} is an address of this host, which keeps packets to it for itself: take it off (sluice "
        "needs no VIP there), or probe with `via: direct`",
        vip.to_string());
  const Result<Route>& route = marked_.at(vip);
  if (!route)
    return fmt::format("probes to {} do not get into the tunnel: {}", vip.to_string(),
                       route.error().message);
  if (route->ifindex != ifindex)
    return fmt::format(
        "probes to {} are led to {} and not into the tunnel: the probes' device is gone, or a rule "
        "of somebody else's comes before ours (which `ip rule show priority 1` shows)",
        vip.to_string(), name_of(route->ifindex));
  return std::nullopt;
}

std::optional<std::string> Host::obstacle_behind_tunnel(const IpAddress& backend) const {
  const Result<Route>& way = routes_.at(backend);
  if (!way)
    return fmt::format("there is no way to {}: {}", backend.to_string(), way.error().message);
  const auto link = links_.find(way->ifindex);
  if (link != links_.end() && link->second.up && link->second.carrier) return std::nullopt;
  const bool down = link == links_.end() || !link->second.up;
  return fmt::format("the way to {} is by {}, which {}", backend.to_string(), name_of(way->ifindex),
                     down ? "is down" : "has no carrier");
}

std::optional<IpAddress> Host::source(const ProbeEnds& ends,
                                      const std::vector<IpPrefix>& vips) const {
  const auto serves = [&](const IpAddress& address) {
    return address.is_v4() == ends.vip.is_v4() && !address.is_loopback() &&
           !address.is_link_local() &&
           std::none_of(vips.begin(), vips.end(),
                        [&](const IpPrefix& vip) { return vip.contains(address); });
  };
  // What this host would take to speak to the backend: answers come back from there.
  for (const IpAddress& other : {ends.backend, ends.vip}) {
    const Result<Route>& route = routes_.at(other);
    if (route && serves(route->preferred_source)) return route->preferred_source;
  }
  for (const LinkAddress& a : addresses_) {
    const auto link = links_.find(a.ifindex);
    if (link != links_.end() && link->second.up && serves(a.address)) return a.address;
  }
  return std::nullopt;
}

// Answers have the VIP for their source, and come in where the way to the backend is. (Where that
// is of another family, nobody knows.)
std::string Host::doubt(const ProbeEnds& ends) const {
  const Result<Route>& way = routes_.at(ends.backend);
  if (!ends.vip.is_v4() || !ends.backend.is_v4() || !way) return "";
  const auto filter = filters_.find(way->ifindex);
  if (filter == filters_.end() || filter->second == 0) return "";
  const Result<Route>& back = routes_.at(ends.vip);
  const bool strict = filter->second == 1;
  if (back && (!strict || back->ifindex == way->ifindex)) return "";
  const std::string in = name_of(way->ifindex);
  return fmt::format(
      "answers from {} come in by {}, whose reverse path filter drops them, for {}: set the "
      "sysctls net.ipv4.conf.{}.rp_filter and net.ipv4.conf.all.rp_filter to {}",
      ends.vip.to_string(), in,
      back ? "this host's route to that address leads to " + name_of(back->ifindex)
           : "this host has no route to that address",
      in, back ? "0 or 2" : "0");
}

}  // namespace

Result<std::vector<Result<ProbePath>>> find_probe_paths(Netlink& netlink,
                                                        const std::vector<ProbeEnds>& ends,
                                                        const std::vector<IpPrefix>& vips,
                                                        uint32_t mark, uint32_t ifindex) {
  const Result<Host> host = Host::read(netlink, ends, mark);
  if (!host) return Error{"find the paths of probes: " + host.error().message};
  std::vector<Result<ProbePath>> paths;
  for (const ProbeEnds& e : ends) {
    if (const std::optional<std::string> why = host->obstacle(e, ifindex)) {
      paths.emplace_back(Error{*why});
      continue;
    }
    const std::optional<IpAddress> source = host->source(e, vips);
    if (source)
      paths.emplace_back(ProbePath{.source = *source, .doubt = host->doubt(e)});
    else
      paths.emplace_back(Error{fmt::format(
          "this host has no {} address but VIPs, to which answers from {} could come back",
          e.vip.is_v4() ? "IPv4" : "IPv6", e.vip.to_string())});
  }
  return paths;
}

}  // namespace sluice
