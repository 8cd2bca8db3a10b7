// SPDX-License-Identifier: Apache-2.0
// Maglev: (backends, weights, size, seed) -> ring. Pure.
//
// Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, 3.4,
// with weights: in each round of the filling every backend is owed turns in proportion to its
// weight, so the shares are exact to a slot or two whatever the weights add up to.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct RingBackend {
  std::string id;       // what its permutation derives from; unique; equal on every balancer
  uint32_t weight = 0;  // 0: gets no slot
};

// For each of `size` slots (a prime) an index into `backends`; empty if no backend has weight.
// The same whatever the order of `backends`, up to the renumbering.
std::vector<uint16_t> maglev_ring(std::span<const RingBackend> backends, uint32_t size,
                                  std::string_view seed);

bool is_prime(uint32_t n);

}  // namespace sluice
