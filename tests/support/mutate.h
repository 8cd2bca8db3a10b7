// SPDX-License-Identifier: Apache-2.0
// Changes frames at random, where and how it hurts parsers; the same from the same seed.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "support/packet_builder.h"

namespace sluice::test {

struct Mutant {
  std::string name;  // the seed and the number, to find it again
  Bytes frame;       // at least an Ethernet header
};

// `count` of them, each from one of `originals` by one to three changes behind the MAC addresses.
// Half of the IPv4 headers have a right checksum, so that it is not what decides.
std::vector<Mutant> mutants(const std::vector<Bytes>& originals, uint32_t seed, size_t count);

}  // namespace sluice::test
