// SPDX-License-Identifier: Apache-2.0
#include "compare/ipvs.h"

#include <fmt/format.h>
#include <unistd.h>

#include "compare/tool.h"

namespace sluice::bench {

Result<void> start_ipvs(Site& site) {
  // It takes what is for an address of its own; asking for it loads the module where that is one.
  const std::string vip = fmt::format("{}:{}", kSiteVip, kSitePort);
  const Result<void> made =
      run_tool(*site.balancer, "ipvsadm", {"-A", "-u", vip, "-s", "mh", "-b", "mh-port"});
  const bool has_ipvs =
      site.balancer
          ->run([]() -> Result<bool> { return ::access("/proc/thread-self/net/ip_vs", F_OK) == 0; })
          .value();
  if (!has_ipvs) return Error{"this kernel has no IPVS"};
  if (!made) return made;
  for (unsigned n = 1; n <= kSiteBackends; n++)
    if (Result<void> r =
            run_tool(*site.balancer, "ipvsadm", {"-a", "-u", vip, "-r", backend_address(n), "-i"});
        !r)
      return r;
  return site.balancer->netlink().add_address("lo", fmt::format("{}/32", kSiteVip));
}

}  // namespace sluice::bench
