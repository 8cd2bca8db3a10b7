// SPDX-License-Identifier: Apache-2.0
#include "agent/host_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace sluice::agent {

namespace {

constexpr int kStrict = 1;

// 0 if it cannot be read: then there is nothing to say about it.
int rp_filter(const std::string& interface) {
  std::ifstream file("/proc/sys/net/ipv4/conf/" + interface + "/rp_filter");
  int value = 0;
  file >> value;
  return file ? value : 0;
}

bool is_local(const IpAddress& address, const std::vector<LinkAddress>& addresses) {
  return std::any_of(addresses.begin(), addresses.end(),
                     [&](const LinkAddress& a) { return a.address == address; });
}

}  // namespace

std::vector<std::string> check_host(const Settings& settings,
                                    const std::vector<LinkAddress>& addresses) {
  std::vector<std::string> findings;
  for (const IpAddress& vip : settings.vips)
    if (!is_local(vip, addresses))
      findings.push_back(
          fmt::format("VIP {0} is no address of this host, so packets for it will "
                      "not be delivered here (ip address add {0}/{1} dev lo)",
                      vip.to_string(), 8 * vip.size()));
  for (const Prefix& prefix : settings.allowed)
    if (prefix.to_string().ends_with("/0"))
      findings.push_back("--allow " + prefix.to_string() +
                         " lets everybody send packets through the tunnel");
  if (std::none_of(settings.vips.begin(), settings.vips.end(),
                   [](const IpAddress& vip) { return vip.is_v4(); }))
    return findings;
  // The larger of the two counts (ip-sysctl).
  for (const std::string& interface : settings.interfaces)
    if (std::max(rp_filter("all"), rp_filter(interface)) == kStrict)
      findings.push_back(
          fmt::format("rp_filter is 1 on {}: the kernel will drop packets of clients "
                      "that it would answer by another interface",
                      interface));
  return findings;
}

}  // namespace sluice::agent
