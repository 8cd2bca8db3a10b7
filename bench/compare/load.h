// SPDX-License-Identifier: Apache-2.0
// bench-loadgen at a site's network: packets with a clock in each, for sluice at its balancer.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "compare/load_report.h"
#include "compare/site.h"
#include "netns/process.h"

namespace sluice::bench {

// How it reaches its interface: "af_xdp", "af_packet".
struct Wire {
  std::string driver;
  std::string why;  // no faster one is taken; empty: there is none
};

// Whether it was built. It is, where DPDK is installed.
bool has_load();

// The fastest that works here, tried in a site of its own. Called by the main thread.
Result<Wire> usable_wire(const netns::Lab& lab);

struct LoadOptions {
  std::string driver;
  unsigned rate = 0;   // packets a second
  unsigned flows = 0;  // four of five are established TCP, one is UDP
};

class Load {
 public:
  // Sends until finish(). Returns when all flows have been through the balancer, at a rate of as
  // many packets a second as there are flows, or more. The site must outlive it; an XDP socket
  // takes all of its network's end, ARP too. Called by the main thread.
  static Result<Load> start(Site& site, const LoadOptions& options);
  // Returns when all has come back that will.
  Result<LoadReport> finish();

 private:
  Load(UniqueFd pass, netns::Process process)
      : pass_(std::move(pass)), process_(std::move(process)) {}

  UniqueFd pass_;  // a program that lets XDP_TX of the balancer arrive
  netns::Process process_;
};

}  // namespace sluice::bench
