// SPDX-License-Identifier: Apache-2.0
// A balancer whose way to backends has a device of its own, and what clients are told about it.
#pragma once

#include "lab/icmp.h"
#include "lab/links/link_test.h"

namespace sluice::netns {

class TwoLinks : public LinkTest {
 protected:
  static constexpr unsigned kOuter = 20;  // bytes of the outer IPv4 header

  TopologyOptions topology_options() const override {
    return {.backends = unsigned(kAll.size()), .shape = Shape::kTwoLinks};
  }
  // Deploys with a service on a UDP port as well, to which probes go.
  void deploy_for_probes(const std::string& mode = "native");
  // The MTU of the way out, at the balancer alone.
  void set_mtu(unsigned mtu) { on_balancer("ip link set eth1 mtu " + std::to_string(mtu)); }
  // Sends packets of 1,500 bytes until the client is told that there is room for `inner`, or, if
  // that is 0, until one is forwarded; fails the test at kSoon after `since`. From then on nothing
  // larger leaves.
  void expect_room(unsigned inner, Clock::time_point since);

 private:
  // What a probe comes to: the MTU that was told, 0 if none was.
  unsigned probe();
  uint64_t forwarded() { return status().at("counters").at("forwarded").at("packets"); }

  UniqueFd listener_;
};

}  // namespace sluice::netns
