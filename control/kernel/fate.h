// SPDX-License-Identifier: Apache-2.0
// What a data plane that was loaded to explain says about the last packet.
#pragma once

#include "abi/sluice_abi.h"
#include "base/result.h"
#include "kernel/dataplane.h"

namespace sluice {

// Of the last packet on that CPU.
Result<sluice_fate> read_fate(const Dataplane& dataplane, int cpu);

}  // namespace sluice
