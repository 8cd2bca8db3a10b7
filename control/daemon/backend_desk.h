// SPDX-License-Identifier: Apache-2.0
// What operators ask of backends, and what they say of them.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "api/server.h"
#include "base/event_loop.h"
#include "daemon/flow_keeper.h"
#include "daemon/report_health.h"

namespace sluice {

class BackendDesk {
 public:
  // All of it outlives the desk; `flow_keeper` may be empty.
  struct Sources {
    const Config& config;
    const Controller& controller;
    HealthKeeper& health;
    const std::unique_ptr<FlowKeeper>& flow_keeper;
  };
  // Looks at what is sent to backends without a weight every second.
  static Result<std::unique_ptr<BackendDesk>> open(EventLoop& loop, const Sources& sources);

  api::BackendHandlers handlers();
  // Calls `f` with what there is to know now.
  void look(const std::function<void(const HealthKnowledge&)>& f) const;

 private:
  BackendDesk(EventLoop& loop, const Sources& sources) : loop_(loop), from_(sources) {}
  Result<void> wait();
  void watch_traffic();
  tl::expected<api::Overridden, api::Refusal> put(const api::Overridable& whom,
                                                  const api::BackendOrder& order);

  EventLoop& loop_;
  Sources from_;
  TrafficWatch traffic_;
  std::optional<EventLoop::Source> timer_;
};

}  // namespace sluice
