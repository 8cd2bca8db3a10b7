// SPDX-License-Identifier: Apache-2.0
#include "kernel/publish.h"

#include "base/log.h"

namespace sluice {

namespace {

Result<void> put_and_swap(const Plan& plan, TableStore& store) {
  if (Result<void> r = store.put_members(plan.put_members); !r) return r;
  if (Result<void> r = store.put_rings(plan.put_rings); !r) return r;
  if (Result<void> r = store.put_prefixes(plan.put_prefixes); !r) return r;
  return store.swap_generation(plan.generation);
}

void release(std::span<const uint32_t> rings, std::span<const uint32_t> spares,
             std::span<const uint32_t> prefixes, TableStore& store) {
  Result<void> r = store.release_rings(rings, spares);
  if (r) r = store.release_prefixes(prefixes);
  if (!r)
    spdlog::warn("old tables keep their memory until their numbers are used again: {}",
                 r.error().message);
}

}  // namespace

Result<void> publish(const Plan& plan, TableStore& store) {
  if (!plan.generation.empty()) {
    if (Result<void> r = put_and_swap(plan, store); !r) {
      std::vector<uint32_t> rings, prefixes;
      for (const PutRing& ring : plan.put_rings) rings.push_back(ring.number);
      for (const PutPrefixes& table : plan.put_prefixes) prefixes.push_back(table.number);
      release(rings, {}, prefixes, store);
      return r;
    }
    release(plan.release_rings, plan.spare_rings, plan.release_prefixes, store);
  }
  for (const PatchMac& p : plan.patch_macs) store.patch_mac(p);
  for (const PatchLife& p : plan.patch_lives) store.patch_life(p);
  return {};
}

}  // namespace sluice
