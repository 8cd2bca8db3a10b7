// SPDX-License-Identifier: Apache-2.0
// Knows of every flow which backend has it: remembers everything, and nothing of how the balancer
// does it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flow/traffic.h"
#include "flow/world.h"

namespace sluice::test {

class Oracle {
 public:
  enum class Phase { kGone, kHalfOpen, kOpen, kClosing };

  // Of clients, by `tcp`, that are silent for less than `drain` unless they have gone.
  Oracle(const std::vector<bool>& tcp, std::chrono::nanoseconds drain);

  size_t size() const { return flows_.size(); }
  // Has it been heard of lately enough that it must not break?
  bool is_living(size_t flow, Time now) const;
  Phase phase(size_t flow) const { return flows_[flow].phase; }
  bool was_reset(size_t flow) const { return flows_[flow].reset.has_value(); }
  // Who has it; nobody: whoever gets its next packet.
  const Member& owner(size_t flow) const { return flows_[flow].owner; }
  Time seen(size_t flow) const { return flows_[flow].seen; }

  // A packet of the flow came to `at`. Says what is wrong with that.
  std::optional<std::string> saw(size_t flow, Sent sent, const Member& at, Time now);
  // The flow's first SYN left no trace: whoever gets the next one has it.
  void forget_syn(size_t flow) { flows_[flow].phase = Phase::kGone; }
  // Nobody promised that it would stay where it was.
  void move(size_t flow, const Member& to) { flows_[flow].owner = to; }
  // The backend has lost its flows: TCP's are over, UDP's go on with another one.
  void kill(const IpAddress& backend);

 private:
  struct Client {
    bool tcp = false;
    Phase phase = Phase::kGone;
    Member owner = {};
    Time seen = {};
    std::optional<Time> reset = {};  // when a RST came, and nothing since
  };
  std::chrono::nanoseconds limit(const Client& c) const;
  static void begin(Client& c, const Member& at, Time now);
  static void go_on(Client& c, Sent sent, Time now);

  std::vector<Client> flows_;
  std::chrono::nanoseconds drain_;
};

std::string name_of(const Member& member);

}  // namespace sluice::test
