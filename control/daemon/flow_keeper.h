// SPDX-License-Identifier: Apache-2.0
// Goes round the flow tables: takes out what is over, and finds the slots that nobody needs
// remembered any more.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "base/event_loop.h"
#include "daemon/controller.h"
#include "daemon/evictions.h"
#include "kernel/flow_round.h"

namespace sluice {

class FlowKeeper {
 public:
  // `drain` says how long flows may be silent, as the configuration has it now; `changed` is called
  // when the slots of rings have to be looked at again.
  static Result<std::unique_ptr<FlowKeeper>> start(EventLoop& loop, Controller& controller,
                                                   std::function<std::chrono::seconds()> drain,
                                                   std::function<void()> changed);

  // The last whole round; its `removed` are those of all rounds.
  const Sweep& last() const { return last_; }
  // What had been evicted by then, by table.
  const std::array<uint64_t, kFlowTables>& evicted() const { return evictions_.counts(); }

 private:
  FlowKeeper(EventLoop& loop, Controller& controller, std::function<std::chrono::seconds()> drain,
             std::function<void()> changed);
  Result<void> wait(std::chrono::milliseconds delay);
  void step();
  void look_at_more(FlowTables& tables);
  void begin(FlowTables& tables);
  void end();

  EventLoop& loop_;
  Controller& controller_;
  std::function<std::chrono::seconds()> drain_;
  std::function<void()> changed_;
  std::optional<EventLoop::Source> timer_;
  Time next_change_;                // not before: one that fails is not tried again at once
  std::optional<FlowRound> round_;  // under way
  uint64_t tables_number_ = 0;      // of the tables it is of
  Sweep last_;
  Evictions evictions_;
};

}  // namespace sluice
