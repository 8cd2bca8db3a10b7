// SPDX-License-Identifier: Apache-2.0
// A flow that is remembered.
#pragma once

#include "abi/sluice_abi.h"

namespace sluice {

// In the order a packet meets them.
enum class FlowTable { kNew, kAdopted, kDoorkeeper };
inline constexpr size_t kFlowTables = 3;

struct Flow {
  FlowTable table;
  sluice_flow key;
  sluice_flow_entry entry;
};

}  // namespace sluice
