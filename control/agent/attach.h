// SPDX-License-Identifier: Apache-2.0
// The program on interfaces: XDP links that are pinned, so that they outlive the process.
//
// No descriptor of a link is kept: removing its pin is always enough to detach, though the kernel
// may take some milliseconds to notice. detach() is done when it returns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/pins.h"
#include "base/result.h"
#include "kernel/attachment.h"

namespace sluice::agent {

struct Attached {
  std::string interface;
  uint32_t ifindex = 0;  // 0: the interface is gone, and the program runs nowhere
  XdpMode mode = XdpMode::kNative;
};

struct Target {
  std::string interface;
  uint32_t ifindex = 0;
};

// Puts the program on every target, or says why not and leaves what runs as it is: where a pinned
// link is on that interface already its program is exchanged, which loses no packet. Programs of
// others are left alone; their presence is an error.
Result<std::vector<Attached>> attach(const std::vector<Target>& targets, AttachMode mode,
                                     int program_fd, const Pins& pins);

// Detaches and removes the pin, if there is one.
Result<void> detach(const std::string& interface, const Pins& pins);

// The link that is pinned for the interface; nothing if none is.
Result<std::optional<Attached>> look_at_link(const std::string& interface, const Pins& pins);

}  // namespace sluice::agent
