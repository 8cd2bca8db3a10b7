// SPDX-License-Identifier: Apache-2.0
// The program on interfaces, pinned so that it outlives the process.
//
// No descriptor of what holds it there is kept: another process may take it away by the pin.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/pins.h"
#include "base/result.h"
#include "kernel/hook.h"
#include "model/config.h"

namespace sluice::agent {

struct Attached {
  std::string interface;
  uint32_t ifindex = 0;  // 0: the interface is gone, and the program runs nowhere
  Hook hook = Hook::kXdp;
  std::string mode;  // "native", "generic", "tcx" or "clsact"
};

struct Target {
  std::string interface;
  uint32_t ifindex = 0;
};

// Puts the program on every target, or says why not and leaves what runs as it is: where the
// interface has one already it is exchanged, which loses no packet. Programs of others are left
// alone; at XDP their presence is an error.
Result<std::vector<Attached>> attach(const std::vector<Target>& targets, AttachMode mode,
                                     int program_fd, const Pins& pins);

// Detaches and removes the pin, if there is one.
Result<void> detach(const std::string& interface, const Pins& pins);

// What is pinned for the interface; nothing if nothing is.
Result<std::optional<Attached>> look_at_link(const std::string& interface, const Pins& pins);

}  // namespace sluice::agent
