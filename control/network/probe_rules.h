// SPDX-License-Identifier: Apache-2.0
// Leads packets by their mark: a rule for each family (`ip rule show protocol 83`), a routing
// table, and in it a default route out of the probes' device.
//
// Routes go with their device, and rules do not: what a killed process leaves is a rule that leads
// to an empty table, where packets pass as if it were not there. Whoever has the route has the
// mark, so two instances never share one, however they start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "abi/probe_abi.h"
#include "base/result.h"
#include "network/netlink.h"

namespace sluice {

// Says (FRA_PROTOCOL, rtm_protocol) which rules and routes are ours: `proto 83`.
inline constexpr uint8_t kProbeProtocol = 83;
// Behind the kernel's rule `local` (0), which may not be moved, and before everybody else's: theirs
// might have a say about bits of the mark that are a member's number here.
inline constexpr uint32_t kProbeRulePriority = 1;
// The first instance's; the next ones follow.
inline constexpr uint32_t kProbeTable = 0x5b00;

class ProbeRules {
 public:
  // Takes the first mark that nobody has. The device must be up. Works in the network namespace of
  // the caller, as does what follows. Rules of dead processes are taken over, or taken away.
  static Result<ProbeRules> create(const std::string& device, uint32_t ifindex);
  ProbeRules(ProbeRules&& other) noexcept;
  ProbeRules& operator=(ProbeRules&&) = delete;
  ~ProbeRules();  // no packet is led any more

  uint32_t mark(uint32_t member) const { return sluice_probe_mark(instance_, member); }
  uint32_t table() const { return kProbeTable + instance_; }
  // Why packets of a family are not led there, if they are not: a host may have no IPv6.
  const std::optional<std::string>& missing_v6() const { return missing_v6_; }

 private:
  ProbeRules(Netlink netlink, uint32_t instance)
      : netlink_(std::move(netlink)), instance_(instance) {}

  Netlink netlink_;
  uint32_t instance_;
  bool owned_ = true;  // until it is moved from
  std::optional<std::string> missing_v6_;
};

}  // namespace sluice
