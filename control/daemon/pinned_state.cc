// SPDX-License-Identifier: Apache-2.0
#include "daemon/pinned_state.h"

#include "base/log.h"
#include "kernel/byte_map.h"

namespace sluice {

Result<void> PinnedState::save(uint64_t generation, std::vector<uint8_t> bytes) {
  if (!is_kept() || (generation == generation_ && bytes == bytes_)) return {};
  if (Result<void> r = pin_bytes(bytes, pins_.path("state", generation)); !r)
    return Error{"what a restart has to know cannot be kept: " + r.error().message};
  generation_ = generation;
  bytes_ = std::move(bytes);
  return {};
}

void PinnedState::remove(uint64_t generation) {
  if (generation == generation_) generation_ = 0;
  if (Result<void> r = pins_.remove("state", generation); !r)
    spdlog::warn("an old state stays: {}", r.error().message);
}

}  // namespace sluice
