// SPDX-License-Identifier: Apache-2.0
// The tables of a data plane as publishing sees them; an interface so that a test can fail any
// step.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "plan/plan.h"

namespace sluice {

class TableStore {
 public:
  virtual ~TableStore() = default;
  virtual void patch_mac(const PatchMac& patch) = 0;
  virtual void patch_life(const PatchLife& patch) = 0;
  virtual Result<void> put_members(std::span<const PutMember> members) = 0;
  virtual Result<void> put_rings(std::span<const PutRing> rings) = 0;
  virtual Result<void> put_prefixes(std::span<const PutPrefixes> tables) = 0;
  // Shows the new generation to every packet at once; when it returns, no packet sees the old one.
  virtual Result<void> swap_generation(const GenerationBytes& bytes) = 0;
  // Under `spares` the next rings will be put: whatever can be done for them beforehand is.
  virtual Result<void> release_rings(std::span<const uint32_t> numbers,
                                     std::span<const uint32_t> spares) = 0;
  virtual Result<void> release_prefixes(std::span<const uint32_t> numbers) = 0;
};

}  // namespace sluice
