// SPDX-License-Identifier: Apache-2.0
#include "network/links.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <netlink/msg.h>

#include <algorithm>

namespace sluice {

namespace {

Link to_link(const nlmsghdr* message) {
  const auto* header = static_cast<const ifinfomsg*>(nlmsg_data(message));
  const NetlinkAttributes attributes(message, sizeof *header, IFLA_MAX);
  Link link;
  link.ifindex = uint32_t(header->ifi_index);
  link.name = attributes.text(IFLA_IFNAME);
  link.mtu = attributes.u32(IFLA_MTU);
  link.master = attributes.u32(IFLA_MASTER);
  link.up = header->ifi_flags & IFF_UP;
  link.carrier = header->ifi_flags & IFF_LOWER_UP;
  if (const uint8_t* mac = attributes.bytes(IFLA_ADDRESS, MacAddress::Bytes().size())) {
    MacAddress::Bytes bytes;
    std::copy_n(mac, bytes.size(), bytes.begin());
    link.mac = MacAddress(bytes);
  }
  return link;
}

std::optional<LinkAddress> to_link_address(const nlmsghdr* message) {
  const auto* header = static_cast<const ifaddrmsg*>(nlmsg_data(message));
  const NetlinkAttributes attributes(message, sizeof *header, IFA_MAX);
  // On a point-to-point link IFA_ADDRESS is the other end's.
  std::optional<IpAddress> address = attributes.address(IFA_LOCAL, header->ifa_family);
  if (!address) address = attributes.address(IFA_ADDRESS, header->ifa_family);
  if (!address) return std::nullopt;
  return LinkAddress{header->ifa_index, *address, header->ifa_prefixlen};
}

}  // namespace

Result<std::vector<Link>> list_links(Netlink& netlink) {
  const ifinfomsg header = {};
  NetlinkRequest request(RTM_GETLINK, 0, header);
  request.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  Result<Netlink::Bytes> dump = netlink.dump(request);
  if (!dump) return Error{"list the interfaces: " + dump.error().message};
  std::vector<Link> links;
  for_each_message(dump->data(), dump->size(), [&](const nlmsghdr* m) {
    if (m->nlmsg_type == RTM_NEWLINK) links.push_back(to_link(m));
  });
  return links;
}

Result<std::optional<Link>> find_link(Netlink& netlink, std::string_view name) {
  Result<std::vector<Link>> links = list_links(netlink);
  if (!links) return links.error();
  for (const Link& link : *links)
    if (link.name == name) return std::optional<Link>(link);
  return std::optional<Link>();
}

Result<std::vector<LinkAddress>> list_addresses(Netlink& netlink) {
  const ifaddrmsg header = {};
  Result<Netlink::Bytes> dump = netlink.dump(NetlinkRequest(RTM_GETADDR, 0, header));
  if (!dump) return Error{"list the interfaces' addresses: " + dump.error().message};
  std::vector<LinkAddress> addresses;
  for_each_message(dump->data(), dump->size(), [&](const nlmsghdr* m) {
    if (m->nlmsg_type != RTM_NEWADDR) return;
    if (std::optional<LinkAddress> address = to_link_address(m)) addresses.push_back(*address);
  });
  return addresses;
}

}  // namespace sluice
