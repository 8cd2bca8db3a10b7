// SPDX-License-Identifier: Apache-2.0
// One round of the flow tables: takes out what is over, and writes down what is left.
#pragma once

#include "kernel/flow_tables.h"
#include "plan/sweep.h"

namespace sluice {

class FlowRound {
 public:
  // `removed` is what earlier rounds took out. `tables` outlives the round.
  FlowRound(FlowTables& tables, const std::array<uint64_t, kFlowTables>& removed, Time now);

  // Looks at about `size` more flows, with what is live now. True at the end of the round.
  Result<bool> step(const Live& live, std::chrono::nanoseconds drain, Time now, uint32_t size);

  // After the end.
  const Sweep& sweep() const { return sweep_; }

 private:
  void look_at(const Flow& seen, const FlowJudge& judge, Time now);
  void end();

  FlowTables& tables_;
  FlowTables::Walk walk_;
  int64_t half_open_before_;  // less those that this round took out
  Sweep sweep_;
};

}  // namespace sluice
