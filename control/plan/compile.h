// SPDX-License-Identifier: Apache-2.0
// Desired x Image before -> Image. Pure, but for the memory of rings already computed.
#pragma once

#include "plan/image.h"
#include "plan/ring_cache.h"

namespace sluice {

// For how long a UDP flow that nobody remembers is taken for an old one; longer than UDP's idle
// timeouts.
inline constexpr std::chrono::seconds kUdpWindow(120);

// `before` is the image in force, whose slots the new one's derive from.
Image compile(const Desired& desired, RingCache& rings, const Image& before = {}, Time now = {});

}  // namespace sluice
