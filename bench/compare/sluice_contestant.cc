// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <netinet/in.h>

#include <nlohmann/json.hpp>

#include "compare/contestant.h"

namespace sluice::bench {

namespace {

// More than any comparison has.
constexpr char kFlows[] = "262144";

std::string config_of(const std::string& mode, const std::string& tracking) {
  std::string backends;
  for (unsigned n = 1; n <= kSiteBackends; n++)
    backends += fmt::format("      be{}: {{address: {}}}\n", n, backend_address(n));
  return fmt::format(R"(version: 1
interfaces:
  {}: {{mode: {}}}
defaults:
  forward: ipip
  tracking: {}
  flows: {}
  seed: the comparison's
pools:
  pool:
    backends:
{}services:
  service: {{vip: {}, ports: {}/udp, pool: pool}}
)",
                     kSiteDevice, mode, tracking, kFlows, backends, kSiteVip, kSitePort);
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

Contestant sluice_contestant(const std::string& mode, const std::string& tracking) {
  const auto set_up = [mode, tracking](Site& site) -> Result<AtWork> {
    const Result<netns::Programs> programs = netns::Programs::beside_this_program();
    if (!programs) return programs.error();
    AtWork out;
    out.sluice = std::make_unique<netns::Instance>(
        *site.balancer, *programs, fmt::format("bench-{}-{}", mode, tracking), site.directory);
    if (auto r = out.sluice->write_config(config_of(mode, tracking)); !r) return r.error();
    if (Result<void> r = out.sluice->start_daemon(); !r) return r.error();
    if (Result<void> r = check_mode(*out.sluice, mode); !r) return r.error();
    return out;
  };
  return {.name = fmt::format("sluice-{}-{}", mode, tracking),
          .summary = fmt::format("sluice, {}, tracking {}, IPIP", mode, tracking),
          .role = Role::kSluice,
          .delivery = {.protocol = IPPROTO_IPIP, .to = Delivery::To::kBackend, .growth = 20},
          .set_up = set_up};
}

}  // namespace sluice::bench
