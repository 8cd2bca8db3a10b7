// SPDX-License-Identifier: Apache-2.0
// One name on a BPF file system.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice {

// What is pinned as `path`; nothing if nothing is.
Result<std::optional<UniqueFd>> open_pin(const std::string& path);

// Removes the name, if it is there.
Result<void> unpin(const std::string& path);

}  // namespace sluice
