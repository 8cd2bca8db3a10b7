// SPDX-License-Identifier: Apache-2.0
// TCX (Linux 6.6): tc programs held by links. Everything that the linux/bpf.h of Debian 12 (6.1)
// does not know yet is here.
#pragma once

#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"
#include "kernel/tc_place.h"

namespace sluice::tcx {

// A link that runs the program after those that are there already; nothing if this kernel has no
// TCX. It goes when its last descriptor or pin does.
Result<std::optional<UniqueFd>> attach(const TcPlace& place, int program_fd);

struct Where {
  uint32_t ifindex;  // 0 once the interface was deleted
  TcHook hook;
};

// Nothing if it is a descriptor of something else.
Result<std::optional<Where>> look_at(int link_fd);

}  // namespace sluice::tcx
