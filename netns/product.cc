// SPDX-License-Identifier: Apache-2.0
#include "netns/product.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace sluice::netns {

namespace fs = std::filesystem;

Result<Programs> Programs::beside_this_program() {
  std::error_code failed;
  const fs::path here = fs::read_symlink("/proc/self/exe", failed).parent_path();
  const Programs programs = {
      .sluiced = here / "sluiced", .sluicectl = here / "sluicectl", .agent = here / "sluice-agent"};
  for (const std::string& path : {programs.sluiced, programs.sluicectl, programs.agent})
    if (access(path.c_str(), X_OK) < 0) return errno_error("find the program " + path);
  return programs;
}

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
    : topology_(topology),
      programs_(programs),
      instance_(instance),
      bpffs_(topology.balancer().lab().bpffs()),
      config_path_(topology.balancer().lab().directory() + "/sluice.yaml"),
      socket_path_(topology.balancer().lab().directory() + "/sluiced.sock"),
      state_path_(topology.balancer().lab().directory() + "/state") {
}

Result<Clock::time_point> Product::write_config(const std::string& text) {
  const std::string next = config_path_ + ".new";
  std::ofstream file(next, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return errno_error("write " + next);
  const Clock::time_point now = Clock::now();
  if (rename(next.c_str(), config_path_.c_str()) < 0) return errno_error("rename " + next);
  return now;
}

Result<void> Product::start_daemon() {
  daemon_.clear();
  Result<Process> daemon = Process::start(
      topology_.balancer(),
      {.argv = {programs_.sluiced, "--config", config_path_, "--instance", instance_, "--bpffs",
                bpffs_, "--socket", socket_path_, "--state-dir", state_path_},
       .notifies = true,
       .patience = milliseconds(10000)});
  if (!daemon) return daemon.error();
  daemon_.push_back(std::move(*daemon));
  return {};
}

Result<void> Product::start_agents(const AgentOptions& options) {
  for (BackendHost& backend : topology_.backends()) {
    Command command = {.argv = {programs_.agent, "run", "--interface", kDevice, "--mode",
                                options.mode, "--mss", options.mss},
                       .notifies = true,
                       .patience = milliseconds(10000)};
    for (const std::string& vip : topology_.options().vips)
      command.argv.insert(command.argv.end(), {"--vip", vip});
    for (const char* source : {kBalancer4, kBalancer6, kInside4, kInside6})
      command.argv.insert(command.argv.end(), {"--allow", source});
    // One bpffs for all hosts: the instance keeps their agents apart.
    command.argv.insert(command.argv.end(),
                        {"--instance", instance_ + "-" + backend.name, "--bpffs", bpffs_});
    Result<Process> agent = Process::start(*backend.host, command);
    if (!agent) return Error{"on " + backend.name + ": " + agent.error().message};
    agents_.push_back(std::move(*agent));
  }
  return {};
}

Result<Exit> Product::unload_agent(const BackendHost& backend) {
  return run_program(*backend.host, {programs_.agent, "unload", "--instance",
                                     instance_ + "-" + backend.name, "--bpffs", bpffs_});
}

Result<Exit> Product::ctl(const std::vector<std::string>& args) {
  std::vector<std::string> argv = {programs_.sluicectl, "--socket", socket_path_};
  argv.insert(argv.end(), args.begin(), args.end());
  return run_program(topology_.balancer(), argv);
}

Result<Exit> Product::unload() {
  return ctl({"--instance", instance_, "--bpffs", bpffs_, "unload"});
}

}  // namespace sluice::netns
