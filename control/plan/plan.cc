// SPDX-License-Identifier: Apache-2.0
#include "plan/plan.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "plan/member_head.h"

namespace sluice {

namespace {

// Hands out the lowest numbers that are not in use, each once.
class FreeNumbers {
 public:
  FreeNumbers(std::set<uint32_t> used, uint32_t first) : used_(std::move(used)), next_(first) {}
  uint32_t take() {
    while (used_.contains(next_)) next_++;
    return next_++;
  }

 private:
  std::set<uint32_t> used_;
  uint32_t next_;
};

bool same_bytes(const sluice_member& a, const sluice_member& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

// A member keeps its index (and with it its counters) while its bytes are the same but for the next
// hop's MAC; otherwise it gets another one, because the old bytes may be in use until the swap.
void plan_members(const Live& live, const Image& image, Plan& plan) {
  std::set<uint32_t> used;
  for (const auto& [key, m] : live.members) used.insert(m.index);
  FreeNumbers free(used, 0);
  for (const auto& [key, value] : image.members) {
    const auto old = live.members.find(key);
    if (old == live.members.end() || !same_but_next_hop_mac(old->second.value, value)) {
      const uint32_t index = free.take();
      plan.put_members.push_back({index, value});
      plan.next.members.emplace(key, LiveMember{index, value});
      continue;
    }
    const uint32_t index = old->second.index;
    if (!same_bytes(old->second.value, value))
      plan.patch_macs.push_back({index, head_mac_word(value)});
    plan.next.members.emplace(key, LiveMember{index, value});
    used.erase(index);
  }
  plan.release_members.assign(used.begin(), used.end());
}

// Rings are compared by content; those of the image that are live already stay where they are.
void plan_rings(const Live& live, Image& image, Plan& plan) {
  std::set<uint32_t> used;
  for (const auto& [number, ring] : live.rings) used.insert(number);
  FreeNumbers free(used, SLUICE_NO_RING + 1);
  for (ImageService& s : image.services) {
    if (!s.ring) continue;
    const auto same = [&](const auto& r) { return r.second == s.ring || *r.second == *s.ring; };
    auto& next = plan.next.rings;
    if (const auto it = std::find_if(next.begin(), next.end(), same); it != next.end()) {
      s.ring = it->second;
      continue;
    }
    const auto old = std::find_if(live.rings.begin(), live.rings.end(), same);
    if (old != live.rings.end()) {
      s.ring = old->second;
      next.insert(*old);
      used.erase(old->first);
      continue;
    }
    plan.put_rings.push_back({free.take(), s.ring});
    next.emplace(plan.put_rings.back().number, s.ring);
  }
  plan.release_rings.assign(used.begin(), used.end());
}

// Two numbers take turns: a table in use is never rewritten.
void plan_prefixes(const Live& live, const Frontends& frontends, Plan& plan) {
  constexpr uint32_t kFirst = SLUICE_NO_PREFIXES + 1, kSecond = kFirst + 1;
  PrefixTable table = compile_prefixes(frontends);
  plan.next.prefixes = table;
  if (table == live.prefixes) {
    plan.next.prefix_number = live.prefix_number;
    return;
  }
  if (live.prefix_number != SLUICE_NO_PREFIXES) plan.release_prefixes.push_back(live.prefix_number);
  if (table.empty()) return;
  plan.next.prefix_number = live.prefix_number == kFirst ? kSecond : kFirst;
  plan.put_prefixes.push_back({plan.next.prefix_number, std::move(table)});
}

Numbers numbers_of(const Live& live) {
  Numbers n;
  for (const auto& [key, m] : live.members) n.members.emplace(key, m.index);
  for (const auto& [number, ring] : live.rings) n.rings.emplace(ring, number);
  return n;
}

// The address a slot leads to, or nullptr.
const IpAddress* backend_at(const ImageService& s, size_t slot) {
  return s.ring ? &s.members[(*s.ring)[slot]].address : nullptr;
}

double share_moved(const ImageService& from, const ImageService& to) {
  if (!from.ring || !to.ring) return from.ring || to.ring ? 1.0 : 0.0;
  if (from.ring->size() != to.ring->size()) return 1.0;
  size_t moved = 0;
  for (size_t slot = 0; slot < to.ring->size(); slot++)
    moved += *backend_at(from, slot) != *backend_at(to, slot);
  return double(moved) / double(to.ring->size());
}

std::vector<Moved> shares_moved(const Image& from, const Image& to) {
  std::vector<Moved> out;
  for (const ImageService& s : to.services) {
    const auto old = std::find_if(from.services.begin(), from.services.end(),
                                  [&](const ImageService& o) { return o.name == s.name; });
    if (old == from.services.end()) continue;
    if (const double share = share_moved(*old, s); share > 0) out.push_back({s.name, share});
  }
  return out;
}

bool same_but_number(const GenerationBytes& a, const GenerationBytes& b) {
  constexpr size_t kSkip = sizeof(sluice_generation::number);
  return a.size() == b.size() && std::equal(a.begin() + kSkip, a.end(), b.begin() + kSkip);
}

}  // namespace

Result<Plan> make_plan(const Live& live, Image image, const Capacity& capacity) {
  if (Result<void> fits = check_fits(image, capacity); !fits) return fits.error();
  Plan plan;
  plan_members(live, image, plan);
  plan_rings(live, image, plan);
  plan.moved = shares_moved(live.image, image);

  plan.next.generation = live.generation + 1;
  const Frontends frontends = compile_frontends(image, numbers_of(plan.next));
  plan_prefixes(live, frontends, plan);
  plan.next.tables = compile_generation(image, frontends, capacity.shape, plan.next.prefix_number,
                                        plan.next.generation);
  if (same_but_number(live.tables, plan.next.tables)) {
    plan.next.generation = live.generation;
    plan.next.tables = live.tables;
  } else {
    plan.generation = plan.next.tables;
  }
  plan.next.image = std::move(image);
  return plan;
}

}  // namespace sluice
