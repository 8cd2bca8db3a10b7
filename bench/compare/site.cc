// SPDX-License-Identifier: Apache-2.0
#include "compare/site.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "netns/offload.h"

namespace sluice::bench {

namespace {

using netns::Host;
using netns::Link;

Result<void> prepare_balancer(Host& balancer) {
  // As interfaces have it by themselves. A veth takes frames from XDP programs only if it merges
  // segments, or has a program of its own.
  if (Result<void> r = set_offload(balancer, kSiteDevice, netns::Offload::kGro, true); !r) return r;
  if (Result<void> r = balancer.netlink().add_route("0.0.0.0/0", kNetworkAddress); !r) return r;
  // Packets leave by the device they came by, which is no reason to tell their senders.
  for (const char* device : {"all", kSiteDevice})
    if (Result<void> r =
            balancer.sysctl(fmt::format("net/ipv4/conf/{}/send_redirects", device), "0");
        !r)
      return r;
  return {};
}

}  // namespace

Result<Site> Site::create(const netns::Lab& lab, const std::string& name, unsigned queues) {
  Site site;
  for (auto [host, suffix] : {std::pair(&site.network, ""), std::pair(&site.balancer, "-lb")}) {
    Result<std::unique_ptr<Host>> made = Host::create(lab, name + suffix);
    if (!made) return made.error();
    *host = std::move(*made);
  }
  Result<std::unique_ptr<Link>> link =
      Link::connect({.host = site.network.get(),
                     .device = kSiteDevice,
                     .addresses = {fmt::format("{}/30", kNetworkAddress)}},
                    {.host = site.balancer.get(),
                     .device = kSiteDevice,
                     .addresses = {fmt::format("{}/30", kBalancerAddress)}},
                    {.mtu = 1600, .queues = queues});
  if (!link) return link.error();
  site.link = std::move(*link);
  site.network_mac = Link::mac(1, 1);
  site.balancer_mac = Link::mac(1, 2);
  site.directory = lab.directory() + "/" + name;
  if (::mkdir(site.directory.c_str(), 0700) != 0) return errno_error("make " + site.directory);
  if (Result<void> r = prepare_balancer(*site.balancer); !r) return r.error();
  return site;
}

std::string backend_address(unsigned number) {
  return fmt::format("203.0.113.{}", number);
}

MacAddress backend_mac(unsigned number) {
  return MacAddress({0x02, 0, 0, 0, 0xbe, uint8_t(number)});
}

}  // namespace sluice::bench
