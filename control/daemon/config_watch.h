// SPDX-License-Identifier: Apache-2.0
// Says when a configuration file may have changed, however it was written.
#pragma once

#include <memory>
#include <string>

#include "base/event_loop.h"
#include "base/unique_fd.h"

namespace sluice {

// Watches the file's directory, because editors and deployment tools replace files by renaming, and
// some of them a link further up. Calls are made 50 ms after a burst of changes has begun; the
// callee reads the file and sees for itself whether it says anything new.
class ConfigWatch {
 public:
  static Result<ConfigWatch> create(EventLoop& loop, const std::string& path,
                                    EventLoop::Callback on_change);

 private:
  struct State;
  explicit ConfigWatch(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace sluice
