// SPDX-License-Identifier: Apache-2.0
#include "netns/link.h"

#include "netns/offload.h"
#include "netns/xdp.h"

namespace sluice::netns {

MacAddress Link::mac(unsigned link_number, unsigned end) {
  return MacAddress({0x02, 0, 0, 0, uint8_t(link_number), uint8_t(end)});
}

Result<std::unique_ptr<Link>> Link::connect(const LinkEnd& a, const LinkEnd& b,
                                            const LinkOptions& options) {
  Result<void> added = a.host->netlink().add_veth(
      {.device = a.device, .mac = mac(options.number, 1), .queues = options.queues},
      {.device = b.device, .mac = mac(options.number, 2), .queues = options.queues}, b.host->fd(),
      options.mtu);
  if (!added) return added.error();
  std::unique_ptr<Link> link(new Link);
  link->host_ = a.host;
  link->device_ = a.device;
  for (const LinkEnd* end : {&a, &b})
    if (Result<void> r = link->set_up(*end); !r) return r.error();
  return link;
}

Result<void> Link::set_up(const LinkEnd& end) {
  Netlink& netlink = end.host->netlink();
  if (Result<void> r = set_offload(*end.host, end.device, Offload::kTxChecksum, false); !r)
    return r;
  if (end.xdp_pass) {
    Result<UniqueFd> program = attach_xdp_pass(*end.host, end.device);
    if (!program) return program.error();
    programs_.push_back(std::move(*program));
  }
  if (Result<void> r = netlink.set_up(end.device); !r) return r;
  for (const std::string& address : end.addresses)
    if (Result<void> r = netlink.add_address(end.device, address); !r) return r;
  return {};
}

Link::~Link() {
  (void)host_->netlink().delete_link(device_);
}

}  // namespace sluice::netns
