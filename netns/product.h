// SPDX-License-Identifier: Apache-2.0
// sluice itself, deployed in the standard lab: its configuration file and its programs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "netns/instance.h"
#include "netns/process.h"
#include "netns/tally.h"
#include "netns/topology.h"

namespace sluice::netns {

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

// The balancer's instance and the backends' agents. Nothing runs until it is started; all of it
// ends with this object.
class Product : public Instance {
 public:
  // `topology` must outlive it.
  Product(Topology& topology, const Programs& programs, const std::string& instance);

  // Starts the agent of every backend.
  Result<void> start_agents(const AgentOptions& options = {});
  // Takes the decapsulation off a backend, whose agent ends.
  Result<Exit> unload_agent(const BackendHost& backend);

  std::vector<Process>& agents() { return agents_; }

 private:
  Topology& topology_;
  std::string agent_program_;
  std::vector<Process> agents_;
};

}  // namespace sluice::netns
