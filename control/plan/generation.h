// SPDX-License-Identifier: Apache-2.0
// The compiled VIP and service tables: one block of bytes, struct sluice_generation and what
// follows it (abi/sluice_abi.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "abi/sluice_abi.h"
#include "plan/frontends.h"
#include "plan/image.h"

namespace sluice {

using GenerationBytes = std::vector<uint8_t>;

// The VIPs that are prefixes, sorted: what goes into an LPM trie beside the generation.
struct PrefixEntry {
  sluice_prefix key;
  sluice_vip_services services;
};
using PrefixTable = std::vector<PrefixEntry>;
bool operator==(const PrefixEntry& a, const PrefixEntry& b);

PrefixTable compile_prefixes(const Frontends& frontends);

// `image` fits `shape` (check_fits). `prefixes` is the number of the table of prefixes.
GenerationBytes compile_generation(const Image& image, const Frontends& frontends,
                                   const sluice_shape& shape, uint32_t prefixes, uint64_t number);

sluice_addr to_abi(const IpAddress& address);

}  // namespace sluice
