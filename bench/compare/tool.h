// SPDX-License-Identifier: Apache-2.0
// Programs that a run starts: administrators' own, and the project's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "netns/host.h"

namespace sluice::bench {

// Where the program is; none: it is not installed.
std::optional<std::string> find_tool(const std::string& name);

// Where a program of this build is.
std::string beside_this_program(const std::string& name);

// Runs it on `host`. Whatever is not a success is an Error, with what it said.
Result<void> run_tool(const netns::Host& host, const std::string& name,
                      const std::vector<std::string>& arguments);

}  // namespace sluice::bench
