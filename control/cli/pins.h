// SPDX-License-Identifier: Apache-2.0
// What an instance left pinned in the BPF file system, and removing it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::cli {

// Removes everything under `bpffs`/sluice/`instance` and that folder, depth first, and returns the
// paths removed: none if there is no such folder. Unlinking a pinned link detaches its program;
// what else holds programs in their places is up to `detach`, which gets each path in the folder
// before anything is removed. Refuses a folder that is not on a BPF file system, follows no
// symbolic link, and stops before the first removal if a sluiced holds the instance's lock.
Result<std::vector<std::string>> remove_pins(
    const std::string& bpffs, const std::string& instance,
    const std::function<Result<void>(const std::string&)>& detach = {});

}  // namespace sluice::cli
