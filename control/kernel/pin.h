// SPDX-License-Identifier: Apache-2.0
// Names on a BPF file system.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice {

// What is pinned as `path`; nothing if nothing is.
Result<std::optional<UniqueFd>> open_pin(const std::string& path);

// A link, and no map or program? What the kernel tells of each begins with a type, and their
// numbers are the same: type 6 is an XDP link, an XDP program and a map of per-CPU values.
bool is_link(int fd);

// Pins `fd` as `path`, in the place of what is pinned so: at every moment the name is there.
Result<void> pin_instead(int fd, const std::string& path);

// Removes the name, if it is there.
Result<void> unpin(const std::string& path);

// The names in a directory, sorted.
Result<std::vector<std::string>> list_names(const std::string& directory);
// Removes the directory, if it is there, and all names in it, directories among them.
Result<void> remove_tree(const std::string& directory);

}  // namespace sluice
