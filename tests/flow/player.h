// SPDX-License-Identifier: Apache-2.0
// Plays a schedule in a world, and holds what happens against what must.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "flow/checks.h"
#include "flow/oracle.h"
#include "flow/reference.h"
#include "flow/schedule.h"

namespace sluice::test {

// What is looked at besides that every packet reaches the backend that has its flow.
struct Checks {
  bool flows = true;       // that very thing
  bool untracked = false;  // I0, after every event
  bool tables = false;     // who is in which table
  bool slots = false;      // rules 2 and 3
  bool full = false;       // tables that refuse
  bool pure_hash = false;  // nothing but the hash counts
};

struct Totals {
  uint64_t schedules = 0, packets = 0, flows = 0, changes = 0, rounds = 0;
  uint64_t kept = 0;  // packets that reached their backend although the hash leads elsewhere
  Totals& operator+=(const Totals& o);
};

struct Played {
  std::optional<std::string> wrong;  // the first thing that was
  Totals totals;
  std::vector<std::vector<SlotSeen>> history;  // the slots after each change
  std::vector<std::string> log;                // if asked for
};

class Player {
 public:
  Player(World& world, const Traffic& traffic, const Profile& profile, const Checks& checks)
      : world_(world), traffic_(traffic), profile_(profile), checks_(checks) {}

  Played play(const Schedule& schedule, bool log = false);

 private:
  struct State;  // of one schedule
  void act(State& s, const Op& op);
  void packet(State& s, const Op& op);
  Sent choose(const State& s, size_t flow, uint32_t roll) const;
  bool may_repeat_syn(const State& s, size_t flow) const;
  void send(State& s, size_t flow, Sent sent);
  // The packet as far as the tables see it.
  Member pass(State& s, const Tuple& t, Sent sent, const PacketWatch& watch);
  void flood(State& s, const Op& op);
  void change(State& s, const Op& op);
  void apply(State& s, bool anew = false);
  void sweep(State& s, const Op& op);
  void check(State& s);

  World& world_;
  const Traffic& traffic_;
  Profile profile_;
  Checks checks_;
};

}  // namespace sluice::test
