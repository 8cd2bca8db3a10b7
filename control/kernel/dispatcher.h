// SPDX-License-Identifier: Apache-2.0
// libxdp's dispatcher on an interface: an XDP program that calls others, by their priority.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "kernel/program.h"
#include "kernel/xdp_link.h"
#include "model/config.h"

namespace sluice {

// A program that a dispatcher calls.
struct Dispatched {
  UniqueFd fd;
  std::string name;
};

struct Dispatcher {
  XdpMode mode = XdpMode::kNative;
  std::vector<Dispatched> programs;  // in the order they run in

  // What is on the interface; nothing where it has no XDP program. An error where that is not a
  // dispatcher whose pins can be read.
  static Result<std::optional<Dispatcher>> on(const Interface& interface, uint32_t ifindex);
};

struct Added {
  UniqueFd fd;  // the program, as an extension
  XdpMode mode = XdpMode::kNative;
};

// Loads the program as an extension and has it called, with those that are called already, in the
// first of `modes` that the driver has. No packet is lost.
Result<Added> add_to_dispatcher(const Interface& wanted, uint32_t ifindex,
                                std::span<const XdpMode> modes, const Reopen& reopen);

// Has it called no more. Others stay; with the last of them, the dispatcher goes.
Result<void> take_from_dispatcher(int program_fd, uint32_t ifindex, XdpMode mode);

}  // namespace sluice
