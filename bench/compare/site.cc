// SPDX-License-Identifier: Apache-2.0
#include "compare/site.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "netns/offload.h"

namespace sluice::bench {

namespace {

using netns::Host;
using netns::Link;

// The CPUs that send by `queue`, as the kernel wants to be told (xps_cpus): no more than there are.
std::string cpus_of_queue(unsigned queue, unsigned queues) {
  constexpr unsigned kMost = 32;
  const unsigned cpus = std::min(kMost, unsigned(::sysconf(_SC_NPROCESSORS_CONF)));
  uint32_t mask = 0;
  for (unsigned cpu = queue; cpu < cpus; cpu += queues) mask |= 1u << cpu;
  return fmt::format("{:x}", mask);
}

// The kernel's own packets leave by the queue of the CPU that they are on, as drivers see to: else
// a hash chooses the queue, and another CPU has to go on.
Result<void> keep_packets_on_their_cpu(Host& host, unsigned queues) {
  return host.run([&]() -> Result<void> {
    // A /sys that shows this host's devices, for this thread alone.
    if (::unshare(CLONE_NEWNS) != 0) return errno_error("leave the mount namespace");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      return errno_error("make all mounts private");
    if (::mount("sysfs", "/sys", "sysfs", 0, nullptr) != 0) return errno_error("mount a sysfs");
    for (unsigned queue = 0; queue < queues; queue++) {
      const std::string path =
          fmt::format("/sys/class/net/{}/queues/tx-{}/xps_cpus", kSiteDevice, queue);
      if (::access(path.c_str(), F_OK) != 0) return {};  // a kernel without it
      std::ofstream file(path);
      file << cpus_of_queue(queue, queues);
      file.close();
      if (!file) return errno_error("write " + path);
    }
    return {};
  });
}

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
  if (queues > 1)
    if (Result<void> r = keep_packets_on_their_cpu(*site.balancer, queues); !r) return r.error();
  return site;
}

std::string backend_address(unsigned number) {
  return fmt::format("203.0.113.{}", number);
}

MacAddress backend_mac(unsigned number) {
  return MacAddress({0x02, 0, 0, 0, 0xbe, uint8_t(number)});
}

}  // namespace sluice::bench
