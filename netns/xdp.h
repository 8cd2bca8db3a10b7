// SPDX-License-Identifier: Apache-2.0
// The lab's view of XDP: a program that passes everything, and what is attached where.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/host.h"

namespace sluice::netns {

// Attaches natively; closing the descriptor detaches it.
Result<UniqueFd> attach_xdp(const Host& host, const std::string& device, int program_fd);
Result<UniqueFd> attach_xdp_pass(const Host& host, const std::string& device);

enum class XdpMode { kNone, kNative, kGeneric };

struct XdpState {
  XdpMode mode = XdpMode::kNone;
  uint32_t program_id = 0;
};

Result<XdpState> xdp_state(const Host& host, const std::string& device);

}  // namespace sluice::netns
