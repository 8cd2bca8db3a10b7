// SPDX-License-Identifier: Apache-2.0
// The device that health probes leave by, and the rules that lead them there by their marks. A tc
// program at its egress (kernel/probe_program.h) takes them on from there; nobody is at its end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "network/netlink.h"
#include "network/probe_rules.h"

namespace sluice {

// A TAP device, so that it goes when this object or the process does, in the network namespace of
// whoever made it.
class ProbeDevice {
 public:
  // Down, for the program to be attached before anything comes.
  static Result<ProbeDevice> create();

  const std::string& name() const { return name_; }
  uint32_t ifindex() const { return ifindex_; }
  // Up, with a mark of its own on this host that leads to it.
  Result<void> start();
  // False when somebody has deleted it, and the rules lead nowhere.
  bool alive() const;
  // What start() has found.
  const ProbeRules& rules() const { return *rules_; }

 private:
  ProbeDevice(UniqueFd tap, std::string name, uint32_t ifindex, Netlink netlink)
      : tap_(std::move(tap)),
        name_(std::move(name)),
        ifindex_(ifindex),
        netlink_(std::move(netlink)) {}

  UniqueFd tap_;
  std::string name_;
  uint32_t ifindex_;
  Netlink netlink_;
  std::optional<ProbeRules> rules_;  // gone before the device
};

}  // namespace sluice
