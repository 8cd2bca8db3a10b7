// SPDX-License-Identifier: Apache-2.0
#include "plan/plan_rings.h"

#include <optional>
#include <set>
#include <unordered_map>

#include "plan/free_numbers.h"

namespace sluice {

namespace {

// Rings with their numbers, found by what is in them.
class RingsByContent {
 public:
  using Numbered = std::pair<uint32_t, RingPtr>;

  void add(const Numbered& ring) { rings_.emplace(digest(*ring.second), ring); }
  std::optional<Numbered> find(const RingPtr& ring) const {
    const auto [first, last] = rings_.equal_range(digest(*ring));
    for (auto it = first; it != last; it++)
      if (it->second.second == ring || *it->second.second == *ring) return it->second;
    return std::nullopt;
  }

 private:
  // Of some slots here and there: enough to tell almost any two rings apart, and much less to read.
  static uint64_t digest(const Ring& ring) {
    constexpr size_t kSamples = 64;
    constexpr uint64_t kPrime = 0x100000001b3;  // as in FNV-1a
    uint64_t sum = ring.size();
    const size_t step = ring.size() / kSamples + 1;
    for (size_t i = 0; i < ring.size(); i += step) sum = (sum ^ ring[i]) * kPrime;
    return sum;
  }
  std::unordered_multimap<uint64_t, Numbered> rings_;
};

}  // namespace

void plan_rings(const Live& live, Image& image, Plan& plan) {
  std::set<uint32_t> used;
  RingsByContent old, next;
  for (const auto& ring : live.rings) {
    used.insert(ring.first);
    old.add(ring);
  }
  FreeNumbers free(SLUICE_NO_RING + 1);
  for (const uint32_t number : used) free.use(number);
  for (ImageService& s : image.services)
    for (Slots* slots : {&s.tcp, &s.udp}) {
      if (!slots->ring || !s.uses(*slots)) continue;
      if (const auto same = next.find(slots->ring)) {
        slots->ring = same->second;
        continue;
      }
      RingsByContent::Numbered ring;
      if (const auto same = old.find(slots->ring)) {
        ring = *same;
        used.erase(ring.first);
      } else {
        ring = {free.take(), slots->ring};
        plan.put_rings.push_back({ring.first, ring.second});
      }
      slots->ring = ring.second;
      plan.next.rings.insert(ring);
      next.add(ring);
    }
  plan.release_rings.assign(used.begin(), used.end());
}

}  // namespace sluice
