// SPDX-License-Identifier: Apache-2.0
// What the program in a network device can do of an image: it is a reduced one.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "plan/capacity.h"
#include "plan/image.h"

namespace sluice {

// An error that names the first thing in `image` that needs what a device lacks: a VIP that is a
// prefix, a checksum over the packet, another way out than the interface itself (`ifindex`; 0: not
// asked about).
Result<void> check_device(const Image& image, uint32_t ifindex);

// As capacity_for(), but close to what is needed: a device has memory for some millions of entries,
// and every slot of a ring is one.
Capacity device_capacity_for(const Image& image, uint32_t ring_size);

}  // namespace sluice
