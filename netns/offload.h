// SPDX-License-Identifier: Apache-2.0
// What a device does to packets by itself, switched on and off as ethtool(8) would.
#pragma once

#include <string>

#include "base/result.h"
#include "netns/host.h"

namespace sluice::netns {

enum class Offload {
  kTxChecksum,  // leaves checksums to the device: on veth, to nobody
  kGro,         // merges received TCP segments
};

Result<void> set_offload(const Host& host, const std::string& device, Offload what, bool on);

}  // namespace sluice::netns
