// SPDX-License-Identifier: Apache-2.0
// A lock that ends with its owner: of two daemons with the same folder, one writes.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice {

// Makes `path` if it is not there. Its Error's code is EWOULDBLOCK if somebody else holds it.
Result<UniqueFd> take_lock(const std::string& path);

}  // namespace sluice
