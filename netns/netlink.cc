// SPDX-License-Identifier: Apache-2.0
#include "netns/netlink.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <netlink/cache.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>

#include <algorithm>

namespace sluice::netns {
namespace {

template <auto F>
struct Free {
  template <class T>
  void operator()(T* p) const {
    F(p);
  }
};
using LinkPtr = std::unique_ptr<rtnl_link, Free<rtnl_link_put>>;
using AddrPtr = std::unique_ptr<nl_addr, Free<nl_addr_put>>;
using RtAddrPtr = std::unique_ptr<rtnl_addr, Free<rtnl_addr_put>>;
using RoutePtr = std::unique_ptr<rtnl_route, Free<rtnl_route_put>>;
using CachePtr = std::unique_ptr<nl_cache, Free<nl_cache_free>>;

Error nl_error(const std::string& doing, int code) {
  return Error{doing + ": " + nl_geterror(code)};
}

Result<AddrPtr> parse(const std::string& text) {
  nl_addr* addr = nullptr;
  if (int r = nl_addr_parse(text.c_str(), AF_UNSPEC, &addr); r < 0)
    return nl_error("read the address " + text, r);
  return AddrPtr(addr);
}

void describe(rtnl_link* link, const VethEnd& end, unsigned mtu) {
  const AddrPtr mac(nl_addr_build(AF_LLC, end.mac.bytes().data(), end.mac.bytes().size()));
  rtnl_link_set_name(link, end.device.c_str());
  rtnl_link_set_addr(link, mac.get());
  rtnl_link_set_mtu(link, mtu);
  if (end.queues == 1) return;
  rtnl_link_set_num_tx_queues(link, end.queues);
  rtnl_link_set_num_rx_queues(link, end.queues);
}

Result<LinkPtr> find_link(nl_sock* socket, const std::string& device) {
  rtnl_link* link = nullptr;
  if (int r = rtnl_link_get_kernel(socket, 0, device.c_str(), &link); r < 0)
    return nl_error("find the link " + device, r);
  return LinkPtr(link);
}

Result<RtAddrPtr> address_of(nl_sock* socket, const std::string& device,
                             const std::string& prefix) {
  Result<LinkPtr> link = find_link(socket, device);
  if (!link) return link.error();
  Result<AddrPtr> local = parse(prefix);
  if (!local) return local.error();
  RtAddrPtr addr(rtnl_addr_alloc());
  rtnl_addr_set_ifindex(addr.get(), rtnl_link_get_ifindex(link->get()));
  if (int r = rtnl_addr_set_local(addr.get(), local->get()); r < 0)
    return nl_error("set the address " + prefix, r);
  return addr;
}

bool runs(rtnl_link* link) {
  const unsigned flags = rtnl_link_get_flags(link);
  const uint8_t state = rtnl_link_get_operstate(link);
  return !(flags & IFF_UP) || (flags & IFF_LOOPBACK) || state == IF_OPER_UP;
}

}  // namespace

void Netlink::Free::operator()(nl_sock* socket) const {
  nl_socket_free(socket);
}

Result<Netlink> Netlink::open() {
  Netlink netlink(nl_socket_alloc());
  if (int r = nl_connect(netlink.socket_.get(), NETLINK_ROUTE); r < 0)
    return nl_error("open an rtnetlink socket", r);
  return netlink;
}

Result<void> Netlink::add_veth(const VethEnd& near, const VethEnd& far, int far_namespace,
                               unsigned mtu) {
  const LinkPtr link(rtnl_link_veth_alloc());
  const LinkPtr peer(rtnl_link_veth_get_peer(link.get()));
  describe(link.get(), near, mtu);
  describe(peer.get(), far, mtu);
  rtnl_link_set_ns_fd(peer.get(), far_namespace);
  if (int r = rtnl_link_add(socket_.get(), link.get(), NLM_F_CREATE | NLM_F_EXCL); r < 0)
    return nl_error("add the veth pair " + near.device + " - " + far.device, r);
  return {};
}

Result<void> Netlink::add_bridge(const VethEnd& bridge, unsigned mtu) {
  const LinkPtr link(rtnl_link_bridge_alloc());
  describe(link.get(), bridge, mtu);
  if (int r = rtnl_link_add(socket_.get(), link.get(), NLM_F_CREATE | NLM_F_EXCL); r < 0)
    return nl_error("add the bridge " + bridge.device, r);
  return {};
}

Result<void> Netlink::plug(const std::string& device, const std::string& bridge) {
  Result<LinkPtr> from = find_link(socket_.get(), device);
  if (!from) return from.error();
  Result<LinkPtr> to = find_link(socket_.get(), bridge);
  if (!to) return to.error();
  if (int r = rtnl_link_enslave(socket_.get(), to->get(), from->get()); r < 0)
    return nl_error("plug " + device + " into " + bridge, r);
  return {};
}

Result<void> Netlink::set_up(const std::string& device, bool up) {
  Result<LinkPtr> link = find_link(socket_.get(), device);
  if (!link) return link.error();
  const LinkPtr change(rtnl_link_alloc());
  if (up)
    rtnl_link_set_flags(change.get(), IFF_UP);
  else
    rtnl_link_unset_flags(change.get(), IFF_UP);
  if (int r = rtnl_link_change(socket_.get(), link->get(), change.get(), 0); r < 0)
    return nl_error(std::string("set ") + device + (up ? " up" : " down"), r);
  return {};
}

Result<void> Netlink::set_mtu(const std::string& device, unsigned mtu) {
  Result<LinkPtr> link = find_link(socket_.get(), device);
  if (!link) return link.error();
  const LinkPtr change(rtnl_link_alloc());
  rtnl_link_set_mtu(change.get(), mtu);
  if (int r = rtnl_link_change(socket_.get(), link->get(), change.get(), 0); r < 0)
    return nl_error("set the MTU of " + device, r);
  return {};
}

Result<void> Netlink::delete_link(const std::string& device) {
  const LinkPtr link(rtnl_link_alloc());
  rtnl_link_set_name(link.get(), device.c_str());
  if (int r = rtnl_link_delete(socket_.get(), link.get()); r < 0)
    return nl_error("delete the link " + device, r);
  return {};
}

Result<void> Netlink::add_address(const std::string& device, const std::string& prefix) {
  Result<RtAddrPtr> addr = address_of(socket_.get(), device, prefix);
  if (!addr) return addr.error();
  rtnl_addr_set_flags(addr->get(), IFA_F_NODAD);
  if (int r = rtnl_addr_add(socket_.get(), addr->get(), NLM_F_EXCL); r < 0)
    return nl_error("add " + prefix + " to " + device, r);
  return {};
}

Result<void> Netlink::delete_address(const std::string& device, const std::string& prefix) {
  Result<RtAddrPtr> addr = address_of(socket_.get(), device, prefix);
  if (!addr) return addr.error();
  if (int r = rtnl_addr_delete(socket_.get(), addr->get(), 0); r < 0)
    return nl_error("delete " + prefix + " from " + device, r);
  return {};
}

Result<void> Netlink::add_route(const std::string& prefix, const std::string& gateway) {
  Result<AddrPtr> destination = parse(prefix);
  if (!destination) return destination.error();
  Result<AddrPtr> via = parse(gateway);
  if (!via) return via.error();
  const RoutePtr route(rtnl_route_alloc());
  rtnl_nexthop* hop = rtnl_route_nh_alloc();
  rtnl_route_nh_set_gateway(hop, via->get());
  rtnl_route_add_nexthop(route.get(), hop);  // the route owns it now
  rtnl_route_set_dst(route.get(), destination->get());
  if (int r = rtnl_route_add(socket_.get(), route.get(), NLM_F_REPLACE); r < 0)
    return nl_error("add the route " + prefix + " via " + gateway, r);
  return {};
}

Result<LinkState> Netlink::link(const std::string& device) {
  Result<LinkPtr> found = find_link(socket_.get(), device);
  if (!found) return found.error();
  rtnl_link* link = found->get();
  MacAddress::Bytes mac = {};
  if (nl_addr* addr = rtnl_link_get_addr(link); addr && nl_addr_get_len(addr) == mac.size())
    std::copy_n(static_cast<uint8_t*>(nl_addr_get_binary_addr(addr)), mac.size(), mac.begin());
  return LinkState{.ifindex = rtnl_link_get_ifindex(link),
                   .mac = MacAddress(mac),
                   .mtu = rtnl_link_get_mtu(link),
                   .rx_packets = rtnl_link_get_stat(link, RTNL_LINK_RX_PACKETS),
                   .rx_bytes = rtnl_link_get_stat(link, RTNL_LINK_RX_BYTES),
                   .tx_packets = rtnl_link_get_stat(link, RTNL_LINK_TX_PACKETS),
                   .tx_bytes = rtnl_link_get_stat(link, RTNL_LINK_TX_BYTES),
                   .tx_dropped = rtnl_link_get_stat(link, RTNL_LINK_TX_DROPPED)};
}

Result<bool> Netlink::settled() {
  nl_cache* cache = nullptr;
  if (int r = rtnl_link_alloc_cache(socket_.get(), AF_UNSPEC, &cache); r < 0)
    return nl_error("list links", r);
  const CachePtr links(cache);
  for (nl_object* o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o))
    if (!runs(reinterpret_cast<rtnl_link*>(o))) return false;
  if (int r = rtnl_addr_alloc_cache(socket_.get(), &cache); r < 0)
    return nl_error("list addresses", r);
  const CachePtr addresses(cache);
  for (nl_object* o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o))
    if (rtnl_addr_get_flags(reinterpret_cast<rtnl_addr*>(o)) & IFA_F_TENTATIVE) return false;
  return true;
}

}  // namespace sluice::netns
