// SPDX-License-Identifier: Apache-2.0
// How large the tables of an instance are, and whether an image fits in.
#pragma once

#include "abi/sluice_abi.h"
#include "base/result.h"
#include "plan/image.h"

namespace sluice {

// Fixed when the maps are made. Beyond it, the whole data plane is built anew beside the old one.
struct Capacity {
  sluice_shape shape = {};
  uint32_t members = 0;  // entries of the member table
  uint32_t rings = 0;    // ring numbers, SLUICE_NO_RING included
  uint32_t flows = 0;    // entries of the flow tables together; 0: no flow is remembered
};

// How the entries are shared out. Half of flows_new may be half-open.
struct FlowCapacity {
  uint32_t fresh = 0, adopted = 0, doorkeeper = 0;  // of flows_new, flows_adopted, doorkeeper
  uint32_t half_open() const { return fresh / 2; }
};
FlowCapacity flow_capacity(const Capacity& capacity);

// Room for `image` to grow to about twice its size, and for old and new to stand side by side.
Capacity capacity_for(const Image& image, uint32_t ring_size);

// An error that names the first table that is too small.
Result<void> check_fits(const Image& image, const Capacity& capacity);

}  // namespace sluice
