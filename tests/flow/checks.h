// SPDX-License-Identifier: Apache-2.0
// What must be true of the flow tables and the slots, whatever has happened.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flow/oracle.h"
#include "flow/traffic.h"
#include "flow/world.h"

namespace sluice::test {

// I0: a living flow that no table knows belongs to its slot's owner; and what a table says of a
// living flow is true. `flows[i]` is the oracle's flow i, in `traffic`.
std::optional<std::string> check_owners(const World& world, const Traffic& traffic,
                                        const std::vector<uint32_t>& flows, const Oracle& oracle);

// In a slot in CLEAN no entry that counts names another member; no flow is in two tables.
std::optional<std::string> check_entries(const World& world, const Traffic& traffic,
                                         std::chrono::nanoseconds drain);

// What one packet does to the flow tables.
class PacketWatch {
 public:
  // Before the packet. `all`: with a look at the whole of flows_new.
  PacketWatch(const World& world, const Tuple& t, bool all);

  const std::optional<Flow>& found() const { return found_; }
  const SlotSeen& slot() const { return slot_; }
  // Behind the packet, which went to `at`: what is wrong with the tables.
  std::optional<std::string> check(Sent sent, const Member& at) const;

 private:
  struct NewTable {
    std::vector<Flow> entries;
    FlowEvents events;
  };
  NewTable look() const;
  std::optional<std::string> check_new(Sent sent, const Member& at) const;

  const World& world_;
  const Tuple& t_;
  bool all_;
  std::optional<Flow> found_;
  SlotSeen slot_;
  NewTable new_;
};

}  // namespace sluice::test
