// SPDX-License-Identifier: Apache-2.0
// The rings that Maglev gives, each computed once.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "plan/slots.h"

namespace sluice {

// Remembers the rings of the last compilation: most changes leave most rings as they are, and one
// takes a millisecond.
class RingCache {
 public:
  // What a ring is a function of: the members by position with their weights, its size, the seed.
  struct Key {
    std::vector<std::pair<IpAddress, uint32_t>> members;
    uint32_t size;
    std::string seed;
    auto operator<=>(const Key&) const = default;
  };

  // Computes those that are not known yet, on all CPUs.
  void prepare(const std::vector<Key>& keys);
  // Positions only; null where nobody has a weight.
  RingPtr get(const Key& key);
  // Forgets the rings that nobody asked for since the last call.
  void drop_unused();

 private:
  std::map<Key, RingPtr> last_, current_;
};

}  // namespace sluice
