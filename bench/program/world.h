// SPDX-License-Identifier: Apache-2.0
// A configuration in the shipped program, from its text on by the daemon's own road, attached to
// nothing.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "kernel/loaded_dataplane.h"
#include "model/config.h"
#include "plan/history.h"

namespace sluice::bench {

class World {
 public:
  // Made for `yaml`, as the daemon makes it, but for the network: backends are behind the router,
  // out of the interface that test runs come in by. `yaml` names one interface.
  static Result<std::unique_ptr<World>> create(const std::string& yaml);

  // A reload: what is live is changed into what `yaml` says, step by step. An error where the
  // daemon would load another program.
  Result<void> publish(const std::string& yaml);

  int program_fd() const { return dataplane_->programs().at(Hook::kXdp); }
  LoadedDataplane& dataplane() { return *dataplane_; }
  const Live& live() const { return history_.live(); }

 private:
  World() = default;
  Result<void> publish(const Config& config, History::Next next);

  NextHops ways_;  // of every backend so far: some may be leaving
  History history_;
  std::unique_ptr<LoadedDataplane> dataplane_;
};

}  // namespace sluice::bench
