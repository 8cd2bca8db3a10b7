// SPDX-License-Identifier: Apache-2.0
#include "network/routes.h"

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

namespace sluice {

namespace {

NetlinkRequest request_for(const IpAddress& destination, uint32_t mark) {
  rtmsg header = {};
  header.rtm_family = uint8_t(destination.family());
  header.rtm_dst_len = uint8_t(destination.size() * 8);
  NetlinkRequest request(RTM_GETROUTE, 0, header);
  request.put_address(RTA_DST, destination);
  if (mark) request.put_u32(RTA_MARK, mark);
  return request;
}

// What the kernel's refusal of a lookup means.
Error refusal(int error) {
  switch (error) {
    case ENETUNREACH:
      return Error{"no route"};
    case EHOSTUNREACH:
      return Error{"the route is of type unreachable"};
    case EINVAL:
      return Error{"the route is of type blackhole"};
    case EACCES:
      return Error{"the route is of type prohibit"};
    default:
      return Error{std::string("the kernel refuses to look up the route: ") + std::strerror(error)};
  }
}

// Why a route of this type cannot lead to a backend, or nothing when it can.
const char* refusal_of_type(int type) {
  switch (type) {
    case RTN_UNICAST:
      return nullptr;
    case RTN_LOCAL:
    case RTN_ANYCAST:
      return "the address belongs to this host";
    case RTN_BROADCAST:
      return "it is a broadcast address";
    case RTN_MULTICAST:
      return "it is a multicast address";
    case RTN_UNREACHABLE:
      return "the route is of type unreachable";
    case RTN_BLACKHOLE:
      return "the route is of type blackhole";
    case RTN_PROHIBIT:
      return "the route is of type prohibit";
    default:
      return "the route is of a type that leads to no neighbour";
  }
}

std::optional<IpAddress> gateway_of(const NetlinkAttributes& attributes, int family) {
  if (const nlattr* via = attributes.find(RTA_VIA)) {
    const auto* value = static_cast<const rtvia*>(nla_data(via));
    const size_t size = size_t(nla_len(via)) - sizeof *value;
    if (value->rtvia_family == AF_INET6 && size == 16) return IpAddress::from_v6(value->rtvia_addr);
    if (value->rtvia_family == AF_INET && size == 4) return IpAddress::from_v4(value->rtvia_addr);
  }
  return attributes.address(RTA_GATEWAY, family);
}

Result<Route> to_route(const nlmsghdr* message) {
  const auto* header = static_cast<const rtmsg*>(nlmsg_data(message));
  if (const char* problem = refusal_of_type(header->rtm_type)) return Error{problem};
  const int family = header->rtm_family;
  const NetlinkAttributes attributes(message, sizeof *header, RTA_MAX);
  if (attributes.find(RTA_ENCAP)) return Error{"the route adds an encapsulation of its own"};
  Route route;
  route.ifindex = attributes.u32(RTA_OIF);
  route.gateway = gateway_of(attributes, family);
  route.mtu = NetlinkAttributes(attributes.find(RTA_METRICS), RTAX_MAX).u32(RTAX_MTU);
  const std::optional<IpAddress> source = attributes.address(RTA_PREFSRC, family);
  // The kernel has looked on every interface. Left are addresses still in duplicate detection, and
  // link-local ones, which no router lets through.
  if (!source || (family == AF_INET6 && source->is_link_local()))
    return Error{std::string("this host has no ") + (family == AF_INET ? "IPv4" : "IPv6") +
                 " address to send from"};
  route.preferred_source = *source;
  return route;
}

}  // namespace

Result<std::vector<Result<Route>>> look_up_routes(Netlink& netlink,
                                                  const std::vector<IpAddress>& destinations,
                                                  uint32_t mark) {
  std::vector<NetlinkRequest> requests;
  requests.reserve(destinations.size());
  for (const IpAddress& destination : destinations)
    requests.push_back(request_for(destination, mark));
  std::vector<Result<Route>> routes(destinations.size(), Error{"no answer"});
  Result<void> asked = netlink.ask(requests, [&](size_t index, int error, const nlmsghdr* answer) {
    routes[index] = answer ? to_route(answer) : Result<Route>(refusal(error));
  });
  if (!asked) return Error{"look up routes: " + asked.error().message};
  return routes;
}

}  // namespace sluice
