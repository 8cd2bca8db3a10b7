// SPDX-License-Identifier: Apache-2.0
#include "network/redirect_targets.h"

#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cerrno>

#include "network/netlink.h"

namespace sluice {

namespace {

// As in linux/netdev.h since 6.3, under names of our own.
constexpr char kFamily[] = "netdev";
constexpr uint8_t kGetDevices = 1;                     // NETDEV_CMD_DEV_GET
constexpr int kIfindex = 1, kFeatures = 3, kMost = 8;  // NETDEV_A_DEV_IFINDEX, _XDP_FEATURES
constexpr uint64_t kTakesRedirects = 1 << 2;           // NETDEV_XDP_ACT_NDO_XMIT

genlmsghdr command(uint8_t number) {
  genlmsghdr header = {};
  header.cmd = number;
  header.version = 1;
  return header;
}

// 0 where the kernel has no such family.
Result<uint16_t> find_family(Netlink& netlink) {
  std::vector<NetlinkRequest> requests;
  requests.emplace_back(uint16_t(GENL_ID_CTRL), uint16_t(0), command(CTRL_CMD_GETFAMILY));
  requests[0].put(CTRL_ATTR_FAMILY_NAME, kFamily, sizeof kFamily);
  uint16_t id = 0;
  int refused = 0;
  Result<void> asked = netlink.ask(requests, [&](size_t, int error, const nlmsghdr* answer) {
    refused = error;
    if (!answer) return;
    const NetlinkAttributes attributes(answer, sizeof(genlmsghdr), CTRL_ATTR_MAX);
    if (const nlattr* a = attributes.find(CTRL_ATTR_FAMILY_ID)) id = nla_get_u16(a);
  });
  if (!asked) return asked.error();
  if (refused != 0 && refused != ENOENT) return errno_error("find netdev's netlink", -refused);
  return id;
}

}  // namespace

Result<std::set<uint32_t>> list_no_redirect_targets() {
  Result<Netlink> netlink = Netlink::open(NETLINK_GENERIC);
  if (!netlink) return netlink.error();
  const Result<uint16_t> family = find_family(*netlink);
  if (!family) return family.error();
  std::set<uint32_t> none;
  if (*family == 0) return none;
  Result<Netlink::Bytes> dump = netlink->dump(NetlinkRequest(*family, 0, command(kGetDevices)));
  if (!dump) return Error{"list what interfaces can do with XDP: " + dump.error().message};
  for_each_message(dump->data(), dump->size(), [&](const nlmsghdr* m) {
    const NetlinkAttributes attributes(m, sizeof(genlmsghdr), kMost);
    const nlattr* features = attributes.find(kFeatures);
    if (features && !(nla_get_u64(features) & kTakesRedirects))
      none.insert(attributes.u32(kIfindex));
  });
  return none;
}

}  // namespace sluice
