// SPDX-License-Identifier: Apache-2.0
// Desired x Image before -> Image. Pure, but for the memory of rings already computed.
#pragma once

#include <map>
#include <vector>

#include "plan/image.h"

namespace sluice {

// Remembers the rings of the last compilation: most changes leave most rings as they are, and a
// Maglev ring takes a millisecond or two.
class RingCache {
 public:
  // What a ring is a function of: the members by position with their weights, its size, the seed.
  struct Key {
    std::vector<std::pair<IpAddress, uint32_t>> members;
    uint32_t size;
    std::string seed;
    auto operator<=>(const Key&) const = default;
  };

  RingPtr get(const Key& key);
  // Rings of Maglev: positions only.
  // Forgets the rings that nobody asked for since the last call.
  void drop_unused();

 private:
  std::map<Key, RingPtr> last_, current_;
};

// For how long a UDP flow that nobody remembers is taken for an old one; longer than UDP's idle
// timeouts.
inline constexpr std::chrono::seconds kUdpWindow(120);

// `before` is the image in force, whose slots the new one's derive from.
Image compile(const Desired& desired, RingCache& rings, const Image& before = {}, Time now = {});

}  // namespace sluice
