// SPDX-License-Identifier: Apache-2.0
#include "plan/plan_rings.h"

#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "plan/free_numbers.h"

namespace sluice {

namespace {

// Rings with their numbers, found by what is in them.
class NumberedRings {
 public:
  using Numbered = std::pair<uint32_t, RingPtr>;

  void add(const Numbered& ring) {
    if (by_place_.emplace(ring.second.get(), ring).second) added_.push_back(ring);
  }
  // This very one: nothing has to be read.
  std::optional<Numbered> find_same(const RingPtr& ring) const {
    const auto it = by_place_.find(ring.get());
    return it == by_place_.end() ? std::nullopt : std::optional(it->second);
  }
  std::optional<Numbered> find_equal(const RingPtr& ring) {
    for (const Numbered& r : std::exchange(added_, {})) by_content_.emplace(digest(*r.second), r);
    const auto [first, last] = by_content_.equal_range(digest(*ring));
    for (auto it = first; it != last; it++)
      if (*it->second.second == *ring) return it->second;
    return std::nullopt;
  }

 private:
  // Of some slots here and there: enough to tell almost any two rings apart, and much less to read.
  static uint64_t digest(const Ring& ring) {
    constexpr size_t kSamples = 16;
    constexpr uint64_t kPrime = 0x100000001b3;  // as in FNV-1a
    uint64_t sum = ring.size();
    const size_t step = ring.size() / kSamples + 1;
    for (size_t i = 0; i < ring.size(); i += step) sum = (sum ^ ring[i]) * kPrime;
    return sum;
  }
  std::unordered_map<const Ring*, Numbered> by_place_;
  std::unordered_multimap<uint64_t, Numbered> by_content_;
  std::vector<Numbered> added_;  // and not in by_content_ yet
};

// How many rings a change may have that need not wait for the kernel. Few changes of one backend
// have more, and those of a service have two at most. There are always so many free numbers: no
// table has fewer than 256, and at most half of them are in use (capacity.h).
constexpr int kSpareRings = 8;

std::vector<uint32_t> next_numbers(const std::map<uint32_t, RingPtr>& rings) {
  FreeNumbers free(SLUICE_NO_RING + 1);
  for (const auto& [number, ring] : rings) free.use(number);
  std::vector<uint32_t> out;
  for (int i = 0; i < kSpareRings; i++) out.push_back(free.take());
  return out;
}

}  // namespace

void plan_rings(const Live& live, Image& image, Plan& plan) {
  std::set<uint32_t> used;
  NumberedRings old, next;
  for (const auto& ring : live.rings) {
    used.insert(ring.first);
    old.add(ring);
  }
  FreeNumbers free(SLUICE_NO_RING + 1);
  for (const uint32_t number : used) free.use(number);
  for (ImageService& s : image.services)
    for (Slots* slots : {&s.tcp, &s.udp}) {
      if (!slots->ring || !s.uses(*slots)) continue;
      if (next.find_same(slots->ring)) continue;
      std::optional<NumberedRings::Numbered> known = old.find_same(slots->ring);
      if (!known) {
        if (const auto equal = next.find_equal(slots->ring)) {
          slots->ring = equal->second;
          continue;
        }
        known = old.find_equal(slots->ring);
      }
      NumberedRings::Numbered ring;
      if (known) {
        ring = *known;
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
  plan.spare_rings = next_numbers(plan.next.rings);
}

}  // namespace sluice
