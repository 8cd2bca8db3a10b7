// SPDX-License-Identifier: Apache-2.0
#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/cursor.h"
#include "plan/free_numbers.h"
#include "plan/frontends.h"
#include "plan/member_head.h"
#include "plan/moved.h"
#include "plan/plan_rings.h"

namespace sluice {

namespace {

bool same_life(const sluice_member& a, const sluice_member& b) {
  return a.life == b.life && a.successor == b.successor;
}

// Numbers that nobody has, and nobody had who may have flows.
FreeNumbers free_members(const Live& live) {
  FreeNumbers free(0);
  for (const auto& [key, m] : live.members) free.use(m.index);
  for (const auto& [number, r] : live.retired) free.use(number);
  return free;
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
  Cursor next(plan.next.members);
  for (const auto& [key, m] : live.members) {
    const LiveMember* const same = next.find(key);
    if (!same || same->index != m.index) plan.next.retired.emplace(m.index, Retired{key, m.value});
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
  Cursor before(live.members);
  for (const auto& [key, value] : image.members) {
    const LiveMember* const old = before.find(key);
    const bool keep = old && same_head_but_mac(old->value, value);
    plan.next.members.emplace_hint(
        plan.next.members.end(), key,
        keep ? kept_member(*old, value, plan) : new_member(value, free.take(), plan));
  }
  retire_members(live, plan);
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
  // Enough if every member were a new one: there is nothing to compare.
  if (need + image.members.size() <= capacity.members) return {};
  Cursor before(live.members);
  for (const auto& [key, value] : image.members) {
    const LiveMember* const old = before.find(key);
    need += !old || !same_head_but_mac(old->value, value);
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
  const Frontends frontends = compile_frontends(image, plan.next);
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
