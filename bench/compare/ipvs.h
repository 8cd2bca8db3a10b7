// SPDX-License-Identifier: Apache-2.0
// Load balancing by IPVS, where the kernel has it.
#pragma once

#include "base/result.h"
#include "compare/site.h"

namespace sluice::bench {

// By IPIP tunnels, so that it does to packets what sluice does, to a backend by Maglev hashing of
// the client's address and port. An Error where the kernel has no IPVS, or ipvsadm(8) is missing.
Result<void> start_ipvs(Site& site);

}  // namespace sluice::bench
