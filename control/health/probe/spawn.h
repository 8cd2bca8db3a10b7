// SPDX-License-Identifier: Apache-2.0
// Starts an operator's program in surroundings that depend on nothing of ours.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice::health {

struct Program {
  pid_t pid = 0;  // and the number of its process group
  UniqueFd pidfd;
  UniqueFd output;  // what it writes to standard output; non-blocking
};

// `environment` is all there is, "NAME=value". The program's standard input and error are
// /dev/null, its signals are as at boot. The calling thread stands still until the program runs,
// which is as long as it takes to read its first page.
Result<Program> spawn(const std::vector<std::string>& command,
                      const std::vector<std::string>& environment);

// Ends the child and all of its group, but does not reap it.
void kill_group(const Program& child);

}  // namespace sluice::health
