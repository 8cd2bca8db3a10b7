// SPDX-License-Identifier: Apache-2.0
#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
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

bool same_life(const sluice_member& a, const sluice_member& b) {
  return a.life == b.life && a.successor == b.successor;
}

// Numbers that nobody has, and nobody had who may have flows.
FreeNumbers free_members(const Live& live) {
  std::set<uint32_t> used;
  for (const auto& [key, m] : live.members) used.insert(m.index);
  for (const auto& [number, r] : live.retired) used.insert(number);
  return FreeNumbers(used, 0);
}

LiveMember new_member(const sluice_member& value, uint32_t index, Plan& plan) {
  LiveMember m = {index, value};
  m.value.incarnation = ++plan.next.incarnation;
  m.value.successor = index;
  plan.put_members.push_back({index, m.value});
  return m;
}

// The same member, in force already: what little of it may be replaced.
LiveMember kept_member(const LiveMember& old, const sluice_member& value, Plan& plan) {
  LiveMember m = {old.index, value};
  m.value.incarnation = old.value.incarnation;
  m.value.successor = old.index;
  if (head_mac_word(m.value) != head_mac_word(old.value))
    plan.patch_macs.push_back({m.index, head_mac_word(m.value)});
  if (!same_life(m.value, old.value))
    plan.patch_lives.push_back({m.index, m.value.successor, m.value.life});
  return m;
}

// Flows of a number that is no more a member's go on with the backend's new number. If there is
// none, the backend has left the service, and they are lost.
void retire_members(const Live& live, Plan& plan) {
  plan.next.retired = live.retired;
  for (const auto& [key, m] : live.members) {
    const auto same = plan.next.members.find(key);
    if (same == plan.next.members.end() || same->second.index != m.index)
      plan.next.retired.emplace(m.index, Retired{key, m.value});
  }
  for (auto& [number, r] : plan.next.retired) {
    const auto heir = plan.next.members.find(r.key);
    const sluice_member before = r.value;
    r.value.successor = heir == plan.next.members.end() ? number : heir->second.index;
    r.value.life =
        heir == plan.next.members.end() ? uint32_t(SLUICE_LIFE_DEAD) : heir->second.value.life;
    if (!same_life(before, r.value))
      plan.patch_lives.push_back({number, r.value.successor, r.value.life});
  }
}

// A member keeps its index (and with it its counters) while its bytes are the same but for the next
// hop's MAC; otherwise it gets another one, because the old bytes may be in use until the swap.
void plan_members(const Live& live, const Image& image, Plan& plan) {
  FreeNumbers free = free_members(live);
  plan.next.incarnation = live.incarnation;
  for (const auto& [key, value] : image.members) {
    const auto old = live.members.find(key);
    const bool keep = old != live.members.end() && same_head_but_mac(old->second.value, value);
    plan.next.members.emplace(
        key, keep ? kept_member(old->second, value, plan) : new_member(value, free.take(), plan));
  }
  retire_members(live, plan);
}

// Does a frontend lead to these slots of the service?
bool is_used(const ImageService& s, const Slots& slots) {
  return std::any_of(s.frontends.begin(), s.frontends.end(),
                     [&](const Frontend& f) { return &s.slots_for(f) == &slots; });
}

// Rings are compared by content; those of the image that are live already stay where they are. One
// that no frontend leads to is none: no generation would name it, nor be swapped in because of it.
void plan_rings(const Live& live, Image& image, Plan& plan) {
  std::set<uint32_t> used;
  for (const auto& [number, ring] : live.rings) used.insert(number);
  FreeNumbers free(used, SLUICE_NO_RING + 1);
  for (ImageService& s : image.services)
    for (Slots* slots : {&s.tcp, &s.udp}) {
      RingPtr* const ring = &slots->ring;
      if (!*ring || !is_used(s, *slots)) continue;
      const auto same = [&](const auto& r) { return r.second == *ring || *r.second == **ring; };
      auto& next = plan.next.rings;
      if (const auto it = std::find_if(next.begin(), next.end(), same); it != next.end()) {
        *ring = it->second;
        continue;
      }
      const auto old = std::find_if(live.rings.begin(), live.rings.end(), same);
      if (old != live.rings.end()) {
        *ring = old->second;
        next.insert(*old);
        used.erase(old->first);
        continue;
      }
      plan.put_rings.push_back({free.take(), *ring});
      next.emplace(plan.put_rings.back().number, *ring);
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

// The address a slot leads new flows to, or nullptr.
const IpAddress* backend_at(const Slots& s, size_t slot) {
  const uint32_t position = s.ring ? sluice_slot_current((*s.ring)[slot]) : s.nobody();
  return position < s.backends.size() ? &s.backends[position] : nullptr;
}

double share_moved(const Slots& from, const Slots& to) {
  if (!from.ring || !to.ring) return from.ring || to.ring ? 1.0 : 0.0;
  if (from.ring->size() != to.ring->size()) return 1.0;
  size_t moved = 0;
  for (size_t slot = 0; slot < to.ring->size(); slot++) {
    const IpAddress *a = backend_at(from, slot), *b = backend_at(to, slot);
    moved += a && b ? *a != *b : a != b;
  }
  return double(moved) / double(to.ring->size());
}

std::vector<Moved> shares_moved(const Image& from, const Image& to) {
  std::vector<Moved> out;
  for (const ImageService& s : to.services) {
    const auto old = std::find_if(from.services.begin(), from.services.end(),
                                  [&](const ImageService& o) { return o.name == s.name; });
    if (old == from.services.end()) continue;
    if (const double share = share_moved(old->tcp, s.tcp); share > 0)
      out.push_back({s.name, share});
  }
  return out;
}

bool same_but_number(const GenerationBytes& a, const GenerationBytes& b) {
  constexpr size_t kSkip = sizeof(sluice_generation::number);
  return a.size() == b.size() && std::equal(a.begin() + kSkip, a.end(), b.begin() + kSkip);
}

}  // namespace

namespace {

// What `live` tells about members, and about nothing that stands in tables.
Live numbers_only(const Live& live) {
  return {.generation = live.generation,
          .image = {},
          .members = live.members,
          .retired = live.retired,
          .incarnation = live.incarnation,
          .rings = {},
          .tables = {},
          .prefix_number = SLUICE_NO_PREFIXES,
          .prefixes = {}};
}

}  // namespace

// Numbers are given out from the lowest free one on.
Result<void> check_numbers(const Live& live, const Image& image, const Capacity& capacity) {
  size_t need = live.members.size() + live.retired.size();
  for (const auto& [key, value] : image.members) {
    const auto old = live.members.find(key);
    need += old == live.members.end() || !same_head_but_mac(old->second.value, value);
  }
  if (need <= capacity.members) return {};
  return Error{
      fmt::format("{} members, past ones that have flows included, do not fit in a table of {}",
                  need, capacity.members)};
}

Result<Plan> make_plan(const Live& live, Image image, const Capacity& capacity) {
  if (Result<void> fits = check_fits(image, capacity); !fits) return fits.error();
  if (Result<void> r = check_numbers(live, image, capacity); !r) return r.error();
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

Result<Plan> make_first_plan(const Live& live, Image image, const Capacity& capacity) {
  Result<Plan> plan = make_plan(numbers_only(live), std::move(image), capacity);
  if (!plan) return plan;
  plan->put_members.clear();
  plan->patch_macs.clear();
  plan->patch_lives.clear();
  for (const auto& [key, m] : plan->next.members) plan->put_members.push_back({m.index, m.value});
  for (const auto& [number, r] : plan->next.retired) plan->put_members.push_back({number, r.value});
  plan->moved = shares_moved(live.image, plan->next.image);
  return plan;
}

}  // namespace sluice
