// SPDX-License-Identifier: Apache-2.0
// A socket that writes whole frames to a device, past the host's stack and its queues.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/host.h"

namespace sluice::netns {

// Receives nothing. A frame is where it goes by the time the call that sent it returns, as far as
// the veths on its way are polled on the sender's CPU.
Result<UniqueFd> open_wire(const Host& host, const std::string& device);

}  // namespace sluice::netns
