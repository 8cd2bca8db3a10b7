// SPDX-License-Identifier: Apache-2.0
// Keeps totals from going backwards when members, or whole data planes, are replaced.
#pragma once

#include <map>
#include <string>

#include "kernel/counters.h"
#include "kernel/flow_tables.h"
#include "plan/plan.h"

namespace sluice {

class Ledger {
 public:
  // What was retired.
  struct Sums {
    std::map<std::string, sluice_counter> services;
    Counters reasons;
    FlowEvents flow_events = {};
    // What members count of packets that we made up ourselves (smoke.h), by number.
    std::map<uint32_t, sluice_counter> tests;
  };

  Ledger() = default;
  explicit Ledger(Sums sums) : sums_(std::move(sums)) {}
  const Sums& sums() const { return sums_; }
  // Another number whenever sums() may have changed.
  uint64_t version() const { return version_; }

  // Takes over what the members of `old` counted that are not in `next` under the same index.
  void retire_members(const Counters& counters, const Live& old, const Live& next);
  // Takes over everything a data plane counted that is about to go.
  void retire_all(const Counters& counters, const Live& live);
  // Takes over what was counted of flows by a data plane whose successor begins at zero.
  void retire_flow_events(const FlowEvents& events);

  // Members that have just been put under their numbers count from zero.
  void begin_members(const std::vector<PutMember>& members);
  void add_tests(const std::map<uint32_t, sluice_counter>& tests);
  // Other tables count from zero.
  void forget_tests();
  // Takes packets of our own out of what members count.
  void leave_out_tests(Counters& now) const;

  // `now` plus what was retired.
  Counters reasons(Counters now) const;
  FlowEvents flow_events(FlowEvents now) const;
  // Of one service: what its members count now plus what was retired.
  sluice_counter service(const std::string& name, const Counters& now, const Live& live) const;

 private:
  void add(const std::string& service, const Counters& counters, uint32_t index);
  Sums sums_;
  uint64_t version_ = 0;
};

}  // namespace sluice
