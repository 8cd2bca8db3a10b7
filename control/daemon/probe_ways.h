// SPDX-License-Identifier: Apache-2.0
// How probes get to backends: straight, or by the tunnels of the data plane's members.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "health/targets.h"
#include "health/work.h"
#include "kernel/probe_program.h"
#include "network/netlink.h"
#include "network/probe_device.h"
#include "network/probe_paths.h"
#include "plan/plan.h"

namespace sluice {

// The members that packets meet, and the table they stand in; -1: there is none on this host.
struct ProbedMembers {
  const Live& live;
  int table_fd = -1;
  uint64_t table_number = 0;  // another one: another table
};

class ProbeWays {
 public:
  // Works in the network namespace of the caller, as does what follows.
  static Result<ProbeWays> create();

  // What can be asked now. For the first target that is asked through a tunnel the device and the
  // program come up that all tunnels share.
  std::vector<health::Work> work_for(const std::vector<health::Target>& targets,
                                     const Config& config, const ProbedMembers& members);
  // Routes or addresses have changed: paths are looked for anew.
  void forget_paths() { paths_.clear(); }

  // Of the last work_for(): those that were left out, and why.
  const std::map<health::TargetId, std::string>& unaskable() const { return unaskable_; }
  // Why answers may not get through this host; of what goes through the tunnel.
  std::string doubt(const health::Target& target) const;

 private:
  using Ends = std::pair<IpAddress, IpAddress>;  // the VIP, the backend

  explicit ProbeWays(Netlink netlink) : netlink_(std::move(netlink)) {}
  Result<void> open_tunnel(const ProbedMembers& members);
  Result<void> find_paths(const std::vector<health::Target>& targets, const Config& config);
  Result<health::Way> way_of(const health::Target& target, const ProbedMembers& members) const;
  Result<health::Way> tunnel_of(const health::Target& target, const ProbedMembers& members) const;

  Netlink netlink_;
  std::optional<ProbeDevice> device_;
  std::optional<ProbeProgram> program_;  // gone before the device
  uint64_t table_number_ = 0;            // of the table it reads
  std::optional<Error> trouble_;         // with the tunnel, last time
  std::map<Ends, Result<ProbePath>> paths_;
  std::map<health::TargetId, std::string> unaskable_;
};

}  // namespace sluice
