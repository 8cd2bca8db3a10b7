// SPDX-License-Identifier: Apache-2.0
#include "compare/nftables.h"

#include <fmt/format.h>

#include <fstream>
#include <functional>

#include "compare/tool.h"

namespace sluice::bench {

namespace {

// "jhash ip saddr . udp sport mod 64 map { 0 : ..., }"
std::string choice(const std::function<std::string(unsigned)>& backend) {
  std::string map;
  for (unsigned n = 0; n < kSiteBackends; n++) map += fmt::format("{} : {}, ", n, backend(n + 1));
  return fmt::format("jhash ip saddr . udp sport mod {} map {{ {} }}", kSiteBackends, map);
}

std::string to_vip() {
  return fmt::format("ip daddr {} udp dport {}", kSiteVip, kSitePort);
}

}  // namespace

std::string dsr_rules(const Site& site) {
  return fmt::format(
      "table netdev lb {{\n"
      "  chain ingress {{\n"
      "    type filter hook ingress device \"{0}\" priority 0;\n"
      "    {1} ether saddr set {2} ether daddr set {3} fwd to \"{0}\"\n"
      "  }}\n"
      "}}\n",
      kSiteDevice, to_vip(), site.balancer_mac.to_string(),
      choice([](unsigned n) { return backend_mac(n).to_string(); }));
}

std::string stateless_rules(const Site&) {
  return fmt::format(
      "table ip lb {{\n"
      "  chain prerouting {{\n"
      "    type filter hook prerouting priority raw;\n"
      "    {} ip daddr set {}\n"
      "  }}\n"
      "}}\n",
      to_vip(), choice(backend_address));
}

std::string dnat_rules(const Site&) {
  return fmt::format(
      "table ip lb {{\n"
      "  chain prerouting {{\n"
      "    type nat hook prerouting priority dstnat;\n"
      "    {} dnat to {}\n"
      "  }}\n"
      "}}\n",
      to_vip(), choice(backend_address));
}

Result<void> load_rules(Site& site, const std::string& rules) {
  const std::string path = site.directory + "/rules.nft";
  std::ofstream file(path);
  file << rules;
  file.close();
  if (!file) return errno_error("write " + path);
  return run_tool(*site.balancer, "nft", {"-f", path});
}

}  // namespace sluice::bench
