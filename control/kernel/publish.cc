// SPDX-License-Identifier: Apache-2.0
#include "kernel/publish.h"

#include "base/log.h"

namespace sluice {

namespace {

Result<void> put_and_swap(const Plan& plan, TableStore& store) {
  if (Result<void> r = store.put_members(plan.put_members); !r) return r;
  if (Result<void> r = store.put_rings(plan.put_rings); !r) return r;
  return store.swap_generation(plan.generation);
}

void release(std::span<const uint32_t> rings, TableStore& store) {
  if (Result<void> r = store.release_rings(rings); !r)
    spdlog::warn("{} old rings keep their memory until their numbers are used again: {}",
                 rings.size(), r.error().message);
}

}  // namespace

Result<void> publish(const Plan& plan, TableStore& store) {
  if (!plan.generation.empty()) {
    if (Result<void> r = put_and_swap(plan, store); !r) {
      std::vector<uint32_t> numbers;
      for (const PutRing& ring : plan.put_rings) numbers.push_back(ring.number);
      release(numbers, store);
      return r;
    }
    release(plan.release_rings, store);
  }
  for (const PatchMac& p : plan.patch_macs) store.patch_mac(p);
  return {};
}

}  // namespace sluice
