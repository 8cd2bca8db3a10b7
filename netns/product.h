// SPDX-License-Identifier: Apache-2.0
// sluice itself, deployed in the standard lab: its configuration file and its programs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "netns/process.h"
#include "netns/tally.h"
#include "netns/topology.h"

namespace sluice::netns {

// Where the programs are.
struct Programs {
  std::string sluiced, sluicectl, agent;

  // Those beside the running program; an Error names what is missing there.
  static Result<Programs> beside_this_program();
};

struct ConfigOptions {
  Weights weights;               // the backends of the pool; others are left out of the file
  std::string mode = "native";   // of the balancer's interface
  bool ipv6_backends = false;    // reach backends by their IPv6 address
  std::string forward = "ipip";  // a tunnel as the file has it: "gre", "{gue: {variant: 1}}"
  std::vector<std::string> ports = {"80/tcp"};
  std::string empty = "drop";                   // what becomes of packets without a usable backend
  std::map<std::string, std::string> defaults;  // further keys of `defaults`: {"drain", "5s"}
  std::map<std::string, std::string> pool;      // and of the pool: {"check", "{icmp: echo}"}
};

// The text of a configuration file: one service on `ports` of the topology's VIPs.
std::string config_text(Topology& topology, const ConfigOptions& options);

struct AgentOptions {
  std::string mode = "auto";  // --mode
  std::string mss = "off";    // --mss
};

// Nothing runs until it is started; all of it ends with this object.
class Product {
 public:
  // `topology` must outlive it.
  Product(Topology& topology, const Programs& programs, const std::string& instance);

  // Puts `text` in the place of the configuration file, whole, by rename(2). Returns when.
  Result<Clock::time_point> write_config(const std::string& text);
  Result<void> start_daemon();
  // Starts the agent of every backend.
  Result<void> start_agents(const AgentOptions& options = {});
  // Takes the decapsulation off a backend, whose agent ends.
  Result<Exit> unload_agent(const BackendHost& backend);
  // Runs sluicectl on the balancer, with --socket before `args`.
  Result<Exit> ctl(const std::vector<std::string>& args);
  // Takes the data plane away. Works without the daemon.
  Result<Exit> unload();

  bool started() const { return !daemon_.empty(); }
  Process& daemon() { return daemon_.at(0); }
  std::vector<Process>& agents() { return agents_; }
  const std::string& config_path() const { return config_path_; }
  const std::string& socket_path() const { return socket_path_; }
  const std::string& state_path() const { return state_path_; }
  const std::string& bpffs() const { return bpffs_; }

 private:
  Topology& topology_;
  Programs programs_;
  std::string instance_, bpffs_, config_path_, socket_path_, state_path_;
  std::vector<Process> daemon_;  // none or one
  std::vector<Process> agents_;
};

}  // namespace sluice::netns
