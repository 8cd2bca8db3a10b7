// SPDX-License-Identifier: Apache-2.0
#include "network/probe_device.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "network/links.h"

namespace sluice {

namespace {

constexpr char kTun[] = "/dev/net/tun";
constexpr char kNames[] = "slprobe%d";  // the kernel numbers them

// The largest that a TAP device can have (65,535 less an Ethernet header), so that it limits
// nothing: how large a probe may be differs from member to member. The program knows, and so does
// the probe (Way::max_packet), which says so to its peer.
constexpr uint32_t kMtu = 65535 - 14;

// TCP makes packets of several segments, which are divided behind tc, unless a device takes one at
// a time. A tunnel with a checksum over all of it can have one only.
constexpr uint32_t kSegments = 1;

Error no_tun(const Error& why) {
  return Error{why.message +
                   " (probes through the tunnel need the kernel's tun driver, and CAP_NET_ADMIN; "
                   "modprobe tun, or `via: direct`)",
               why.code};
}

Result<UniqueFd> open_tap(std::string* name) {
  UniqueFd tap(::open(kTun, O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!tap.valid()) return no_tun(errno_error(std::string("open ") + kTun));
  ifreq request = {};
  std::strncpy(request.ifr_name, kNames, sizeof(request.ifr_name) - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (::ioctl(tap.get(), TUNSETIFF, &request) < 0)
    return no_tun(errno_error("make the device that probes leave by"));
  *name = request.ifr_name;
  return tap;
}

NetlinkRequest set_link(uint32_t ifindex, uint32_t flags, uint32_t which) {
  ifinfomsg header = {};
  header.ifi_index = int(ifindex);
  header.ifi_flags = flags;
  header.ifi_change = which;
  return {RTM_SETLINK, NLM_F_ACK, header};
}

// There is nobody to be asked for addresses, nor to hear of groups.
NetlinkRequest quieten(uint32_t ifindex) {
  NetlinkRequest request = set_link(ifindex, IFF_NOARP, IFF_NOARP | IFF_MULTICAST);
  request.put_u32(IFLA_MTU, kMtu);
  request.put_u32(IFLA_GSO_MAX_SEGS, kSegments);
  return request;
}

// No link-local address, and so no duplicate address detection and no router solicitations.
NetlinkRequest without_link_local(uint32_t ifindex) {
  NetlinkRequest request = set_link(ifindex, 0, 0);
  request.nest(IFLA_AF_SPEC, [](NetlinkRequest& families) {
    families.nest(AF_INET6, [](NetlinkRequest& inet6) {
      const uint8_t none = IN6_ADDR_GEN_MODE_NONE;
      inet6.put(IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
    });
  });
  return request;
}

}  // namespace

Result<ProbeDevice> ProbeDevice::create() {
  Result<Netlink> netlink = Netlink::open();
  if (!netlink) return netlink.error();
  std::string name;
  Result<UniqueFd> tap = open_tap(&name);
  if (!tap) return tap.error();
  const Result<std::optional<Link>> link = find_link(*netlink, name);
  if (!link) return link.error();
  if (!*link) return Error{"the device " + name + ", just made, is not there: was it moved?"};
  const uint32_t ifindex = (*link)->ifindex;
  if (Result<void> r = netlink->change("set up the device " + name, quieten(ifindex)); !r)
    return r.error();
  // Fails where the kernel has no IPv6.
  (void)netlink->change("", without_link_local(ifindex));
  return ProbeDevice(std::move(*tap), name, ifindex, std::move(*netlink));
}

Result<void> ProbeDevice::start() {
  if (Result<void> r =
          netlink_.change("set the device " + name_ + " up", set_link(ifindex_, IFF_UP, IFF_UP));
      !r)
    return r;
  Result<ProbeRules> rules = ProbeRules::create(name_, ifindex_);
  if (!rules) return rules.error();
  rules_.emplace(std::move(*rules));
  return {};
}

bool ProbeDevice::alive() const {
  ifreq answer = {};
  return ::ioctl(tap_.get(), TUNGETIFF, &answer) == 0;
}

}  // namespace sluice
