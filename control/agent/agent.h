// SPDX-License-Identifier: Apache-2.0
// The running agent: puts the data plane in place and keeps it fitting the host.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "agent/attach.h"
#include "agent/clamp.h"
#include "agent/options.h"
#include "agent/pins.h"
#include "agent/program.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "network/links.h"
#include "network/monitor.h"
#include "network/netlink.h"

namespace sluice::agent {

// Destroying it leaves the data plane working, or nothing if it never came into place.
class Agent {
 public:
  // Returns when the program is attached everywhere and everything is pinned. Stops the loop when
  // somebody unloads the instance.
  static Result<std::unique_ptr<Agent>> start(EventLoop& loop, const Options& options);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  ~Agent() { pins_.remove_if_empty(); }

 private:
  Agent(EventLoop& loop, const Settings& settings, Pins pins, Program program, Netlink netlink)
      : loop_(loop),
        settings_(settings),
        pins_(std::move(pins)),
        program_(std::move(program)),
        netlink_(std::move(netlink)) {}
  Result<void> watch_network();
  Result<void> watch_pins();
  Result<void> put_in_place(const std::vector<Target>& targets);
  Result<void> detach_others();
  Result<void> follow_addresses();
  Result<void> follow_interface(Attached& attached, const std::vector<Link>& links);
  Result<void> follow();
  Result<void> follow_mss(const std::vector<Link>& links);
  void pins_changed();

  EventLoop& loop_;
  Settings settings_;
  Pins pins_;
  Program program_;
  Netlink netlink_;
  std::vector<Attached> attached_;
  std::map<uint32_t, Mss> clamped_;  // by ifindex
  std::optional<Monitor> monitor_;
  std::optional<EventLoop::Source> settle_;
  UniqueFd pin_events_;
  std::optional<EventLoop::Source> pin_watch_;
};

}  // namespace sluice::agent
