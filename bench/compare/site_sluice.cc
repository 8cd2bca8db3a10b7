// SPDX-License-Identifier: Apache-2.0
#include "compare/site_sluice.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace sluice::bench {

namespace {

// More than any comparison has.
constexpr char kFlows[] = "262144";

std::string interface_of(const SiteConfig& config) {
  if (!config.next_hop) return fmt::format("{{mode: {}}}", config.mode);
  return fmt::format("{{mode: {}, next_hop: \"{}\"}}", config.mode, config.next_hop->to_string());
}

std::string services_of(const SiteConfig& config) {
  std::string services =
      fmt::format("  service: {{vip: {}, ports: [{}{}/udp], pool: pool}}\n", kSiteVip,
                  config.tcp ? fmt::format("{}/tcp, ", kSitePort) : "", kSitePort);
  if (config.range) services += "  range: {vip: 192.0.2.99, ports: 1000-1999/udp, pool: pool}\n";
  return services;
}

// An Error if it is not what was asked for.
Result<void> check_mode(netns::Instance& sluice, const std::string& mode) {
  const Result<netns::Exit> exit = sluice.ctl({"-o", "json", "status"});
  if (!exit) return exit.error();
  const nlohmann::json status =
      nlohmann::json::parse(exit->output, nullptr, /*allow_exceptions=*/false);
  if (!status.is_object()) return Error{"sluicectl status says: " + exit->output};
  const std::string is = status.at("interfaces").at(0).value("mode", "");
  if (is != mode) return Error{fmt::format("sluice is attached as {}, not {}", is, mode)};
  return {};
}

}  // namespace

std::string site_config(const SiteConfig& config) {
  std::string backends;
  for (unsigned n = 0; n < config.backends; n++)
    backends += fmt::format("      be{0}: {{address: {1}}}\n", config.first_backend + n,
                            backend_address(config.first_backend + n));
  return fmt::format(R"(version: 1
interfaces:
  {}: {}
defaults:
  forward: ipip
  tracking: {}
  flows: {}
  seed: the comparison's
pools:
  pool:
    backends:
{}services:
{})",
                     kSiteDevice, interface_of(config), config.tracking, kFlows, backends,
                     services_of(config));
}

Result<std::unique_ptr<netns::Instance>> start_sluice(Site& site, const std::string& name,
                                                      const SiteConfig& config) {
  const Result<netns::Programs> programs = netns::Programs::beside_this_program();
  if (!programs) return programs.error();
  auto sluice = std::make_unique<netns::Instance>(*site.balancer, *programs, name, site.directory);
  if (auto r = sluice->write_config(site_config(config)); !r) return r.error();
  if (Result<void> r = sluice->start_daemon(); !r) return r.error();
  if (Result<void> r = check_mode(*sluice, config.mode); !r) return r.error();
  return sluice;
}

}  // namespace sluice::bench
