// SPDX-License-Identifier: Apache-2.0
// Bytes in a map with a name: what one daemon leaves to the next. They live as long as the tables
// they are about, and go with them at a reboot.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

// Pins `bytes` as `path`, in the place of what is pinned so: whoever looks sees the old bytes or
// the new ones, all of them.
Result<void> pin_bytes(std::span<const uint8_t> bytes, const std::string& path);

// What pin_bytes() has pinned; nothing if nothing is pinned there. Fails if it is something else.
Result<std::optional<std::vector<uint8_t>>> pinned_bytes(const std::string& path);

}  // namespace sluice
