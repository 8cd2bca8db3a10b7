// SPDX-License-Identifier: Apache-2.0
// One instance of sluiced on a host of the lab: its configuration file, the daemon, sluicectl.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "netns/host.h"
#include "netns/process.h"
#include "netns/wait.h"

namespace sluice::netns {

// Where the programs are.
struct Programs {
  std::string sluiced, sluicectl, agent;

  // Those beside the running program; an Error names what is missing there.
  static Result<Programs> beside_this_program();
};

// Nothing runs until it is started; all of it ends with this object.
class Instance {
 public:
  // `host` must outlive it. `directory` is there, and no other instance's.
  Instance(Host& host, const Programs& programs, const std::string& name,
           const std::string& directory);

  // Puts `text` in the place of the configuration file, whole, by rename(2). Returns when.
  Result<Clock::time_point> write_config(const std::string& text);
  // Returns when the data plane is live.
  Result<void> start_daemon();
  // Runs sluicectl on the host, with --socket before `args`.
  Result<Exit> ctl(const std::vector<std::string>& args);
  // Takes the data plane away. Works without the daemon.
  Result<Exit> unload();

  bool started() const { return !daemon_.empty(); }
  Process& daemon() { return daemon_.at(0); }
  const std::string& name() const { return name_; }
  const std::string& bpffs() const { return bpffs_; }
  const std::string& config_path() const { return config_path_; }
  const std::string& socket_path() const { return socket_path_; }
  const std::string& state_path() const { return state_path_; }

 private:
  Host& host_;
  Programs programs_;
  std::string name_, bpffs_, config_path_, socket_path_, state_path_;
  std::vector<Process> daemon_;  // none or one
};

}  // namespace sluice::netns
