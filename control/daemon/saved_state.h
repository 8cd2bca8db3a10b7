// SPDX-License-Identifier: Apache-2.0
// What a daemon leaves to the next one beside the tables: everything it knows of what it published
// that does not stand in them. As bytes, and back. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/ledger.h"
#include "daemon/make_dataplane.h"
#include "kernel/layout.h"
#include "plan/history.h"

namespace sluice {

// The numbers of a service's rings; SLUICE_NO_RING: it has none that was published.
struct RingNumbers {
  uint32_t tcp = SLUICE_NO_RING, udp = SLUICE_NO_RING;
};

struct SavedState {
  Make made;
  Capacity capacity;
  // Without what stands in the tables: the bytes of members (but for their incarnations), of rings
  // and of the generation.
  Past past;
  std::map<std::string, RingNumbers> rings;  // by service
  Ledger::Sums ledger;
};

// Of `past`, and what belongs to it.
std::vector<uint8_t> write_state(const Make& made, const Capacity& capacity, const Past& past,
                                 const Ledger::Sums& ledger, const Layout& layout);

// What every version can read of every other's state.
struct StateHeader {
  uint32_t format = 0;  // of what follows; kStateFormat is what read_state() reads
  Layout layout;        // of the build that wrote it; without the names of maps
};
inline constexpr uint32_t kStateFormat = 2;

Result<StateHeader> read_header(std::span<const uint8_t> bytes);
// Fails where anything is missing, or not what it should be.
Result<SavedState> read_state(std::span<const uint8_t> bytes);

}  // namespace sluice
