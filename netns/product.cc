// SPDX-License-Identifier: Apache-2.0
#include "netns/product.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sluice::netns {

std::string config_text(Topology& topology, const ConfigOptions& options) {
  std::string backends;
  for (const BackendHost& b : topology.backends())
    if (const auto weight = options.weights.find(b.name); weight != options.weights.end())
      backends += fmt::format("      {}: {{address: \"{}\", weight: {}}}\n", b.name,
                              options.ipv6_backends ? b.v6 : b.v4, weight->second);
  std::string defaults;
  for (const auto& [key, value] : options.defaults)
    defaults += fmt::format("  {}: {}\n", key, value);
  std::string pool;
  for (const auto& [key, value] : options.pool) pool += fmt::format("    {}: {}\n", key, value);
  return fmt::format(R"(version: 1
interfaces:
  {}: {{mode: {}}}
defaults:
  forward: {}
  seed: the lab's own secret
{}pools:
  web:
{}    backends:
{}services:
  shop:
    vip: ["{}"]
    ports: [{}]
    pool: web
    empty: {}
)",
                     kDevice, options.mode, options.forward, defaults, pool, backends,
                     fmt::join(topology.options().vips, "\", \""), fmt::join(options.ports, ", "),
                     options.empty);
}

Product::Product(Topology& topology, const Programs& programs, const std::string& instance)
    : Instance(topology.balancer(), programs, instance, topology.balancer().lab().directory()),
      topology_(topology),
      agent_program_(programs.agent) {
}

Result<void> Product::start_agents(const AgentOptions& options) {
  for (BackendHost& backend : topology_.backends()) {
    Command command = {.argv = {agent_program_, "run", "--interface", kDevice, "--mode",
                                options.mode, "--mss", options.mss},
                       .notifies = true,
                       .patience = milliseconds(10000)};
    for (const std::string& vip : topology_.options().vips)
      command.argv.insert(command.argv.end(), {"--vip", vip});
    for (const char* source : {kBalancer4, kBalancer6, kInside4, kInside6})
      command.argv.insert(command.argv.end(), {"--allow", source});
    // One bpffs for all hosts: the instance keeps their agents apart.
    command.argv.insert(command.argv.end(),
                        {"--instance", name() + "-" + backend.name, "--bpffs", bpffs()});
    Result<Process> agent = Process::start(*backend.host, command);
    if (!agent) return Error{"on " + backend.name + ": " + agent.error().message};
    agents_.push_back(std::move(*agent));
  }
  return {};
}

Result<Exit> Product::unload_agent(const BackendHost& backend) {
  return run_program(*backend.host, {agent_program_, "unload", "--instance",
                                     name() + "-" + backend.name, "--bpffs", bpffs()});
}

}  // namespace sluice::netns
