// SPDX-License-Identifier: Apache-2.0
#include "netns/instance.h"

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

Instance::Instance(Host& host, const Programs& programs, const std::string& name,
                   const std::string& directory)
    : host_(host),
      programs_(programs),
      name_(name),
      bpffs_(host.lab().bpffs()),
      config_path_(directory + "/sluice.yaml"),
      socket_path_(directory + "/sluiced.sock"),
      state_path_(directory + "/state") {
}

Result<Clock::time_point> Instance::write_config(const std::string& text) {
  const std::string next = config_path_ + ".new";
  std::ofstream file(next, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return errno_error("write " + next);
  const Clock::time_point now = Clock::now();
  if (rename(next.c_str(), config_path_.c_str()) < 0) return errno_error("rename " + next);
  return now;
}

Result<void> Instance::start_daemon() {
  daemon_.clear();
  Result<Process> daemon = Process::start(
      host_, {.argv = {programs_.sluiced, "--config", config_path_, "--instance", name_, "--bpffs",
                       bpffs_, "--socket", socket_path_, "--state-dir", state_path_},
              .notifies = true,
              .patience = milliseconds(10000)});
  if (!daemon) return daemon.error();
  daemon_.push_back(std::move(*daemon));
  return {};
}

Result<Exit> Instance::ctl(const std::vector<std::string>& args) {
  std::vector<std::string> argv = {programs_.sluicectl, "--socket", socket_path_};
  argv.insert(argv.end(), args.begin(), args.end());
  return run_program(host_, argv);
}

Result<Exit> Instance::unload() {
  return ctl({"--instance", name_, "--bpffs", bpffs_, "unload"});
}

}  // namespace sluice::netns
