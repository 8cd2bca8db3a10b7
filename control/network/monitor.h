// SPDX-License-Identifier: Apache-2.0
// Says when something changed in the kernel that may change the way to a backend.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/event_loop.h"
#include "base/result.h"

namespace sluice {

// Watches links, addresses, routes, routing rules, next-hop objects and neighbours in the network
// namespace of the caller of create().
class Monitor {
 public:
  // `overrun`: changes came faster than they were read, so some are not known one by one. Either
  // way the answer is the same, to read everything anew; nothing is missed.
  using OnChange = std::function<void(bool overrun)>;

  // Calls `f` from the loop, once for all changes that have come in since the last call.
  static Result<Monitor> create(EventLoop& loop, OnChange f, size_t receive_buffer = 8 << 20);

  Monitor(Monitor&&) noexcept;
  Monitor& operator=(Monitor&&) noexcept;
  ~Monitor();

 private:
  struct State;
  explicit Monitor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice
