// SPDX-License-Identifier: Apache-2.0
// The compiled VIP and service tables: one block of bytes, struct sluice_generation and what
// follows it (abi/sluice_abi.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "abi/sluice_abi.h"
#include "plan/image.h"

namespace sluice {

using GenerationBytes = std::vector<uint8_t>;

// Where members and rings stand in the kernel.
struct Numbers {
  std::map<MemberKey, uint32_t> members;
  std::map<RingPtr, uint32_t> rings;
};

// `image` fits `shape` (check_fits).
GenerationBytes compile_generation(const Image& image, const Numbers& numbers,
                                   const sluice_shape& shape, uint64_t number);

sluice_addr to_abi(const IpAddress& address);

}  // namespace sluice
