// SPDX-License-Identifier: Apache-2.0
// A balancer under a clock that tests set: the shipped data plane, and what decides in the daemon.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "flow/standing_tables.h"
#include "flow/traffic.h"
#include "kernel/flow_round.h"
#include "plan/history.h"

namespace sluice::test {

// What an operator asks for, and which backends are known to have lost their flows.
struct Setting {
  Config config;
  std::set<IpAddress> dead;
};

using Backends = std::vector<IpAddress>;
using Member = std::optional<IpAddress>;  // a backend, or nobody

// A slot in terms of backends.
struct SlotSeen {
  sluice_slot_state state = SLUICE_SLOT_CLEAN;
  Member current, previous;
  Time end = Time::max();  // of the window

  // The member of flows that no table knows.
  const Member& owner() const { return state == SLUICE_SLOT_WINDOW ? previous : current; }
  bool operator==(const SlotSeen&) const = default;
};

class World {
 public:
  static constexpr uint32_t kRingSlots = 61;
  static const std::string kSeed;

  // With tables for `flows` flows. Aborts, with the reason, where the kernel does not let it.
  explicit World(uint32_t flows);

  // Forgets everything.
  void begin(Time now);
  void set_time(Time now);
  Time now() const { return now_; }

  // Publishes what `setting` asks for now; `anew`: in a data plane that has nothing but the flow
  // tables of the one before.
  void apply(const Setting& setting, bool anew = false);
  bool is_due() const { return history_.is_due(now_); }

  // About `size` entries more of a round of the flow tables; true if it was the round's last.
  bool sweep(uint32_t size, std::chrono::nanoseconds drain);

  // Where a frame was sent to; nobody: nowhere.
  Member send(const Bytes& frame);

  std::optional<Flow> find(const sluice_flow& key) const;
  // In how many tables it is.
  int count(const sluice_flow& key) const;
  std::vector<Flow> entries() const;
  FlowEvents events() const;
  int64_t half_open() const { return dataplane_->flows()->half_open(); }

  const ImageService& service(const std::string& name) const;
  const Slots& slots(const Tuple& t) const;
  SlotSeen slot(const Tuple& t) const { return slot(slots(t), t.hash); }
  static SlotSeen slot(const Slots& slots, uint32_t hash);
  // The backend an entry names, if it lives.
  Member backend_of(const sluice_flow_entry& entry) const;
  const Live& live() const { return history_.live(); }

 private:
  NextHops ways_;
  std::unique_ptr<Dataplane> dataplane_;
  std::unique_ptr<StandingTables> tables_;
  History history_;
  std::optional<FlowRound> round_;
  Time now_;
};

// Addresses that backends may have.
const Backends& universe();

}  // namespace sluice::test
