// SPDX-License-Identifier: Apache-2.0
// The map of maps that names rings by number, and the rings in it.
//
// Every change of it waits until no CPU sees what was before (RCU: 5 to 15 ms), so changes go by
// the batch, and a few rings stand there already when a change comes: it fills them in no time,
// because no packet can see a ring that no generation names.
#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "base/result.h"
#include "base/unique_fd.h"
#include "kernel/table_pins.h"
#include "plan/plan.h"

namespace sluice {

class RingTable {
 public:
  // All rings have `slots` of them.
  explicit RingTable(uint32_t slots) : slots_(slots) {}

  // Each under its number, which nothing live names; pinned under that.
  Result<void> put(int outer, const TablePins& pins, std::span<const PutRing> rings);
  // `numbers` stand for a ring of nobody from now on, and under `spares` (any of those, or numbers
  // that are free) there are rings for later changes to fill. Spares of before that are not among
  // them stay what they are.
  Result<void> release(int outer, const TablePins& pins, std::span<const uint32_t> numbers,
                       std::span<const uint32_t> spares);

 private:
  Result<UniqueFd> make_ring(const Ring& ring) const;
  Result<void> make_nobodys_ring();

  uint32_t slots_;
  std::map<uint32_t, UniqueFd> spares_;  // by number
  UniqueFd nobodys_ring_;                // made when it is needed
};

// Makes an array of one element of `size` bytes, as what the maps of maps have in them.
Result<UniqueFd> create_value(const char* name, uint32_t size, uint32_t flags);

}  // namespace sluice
