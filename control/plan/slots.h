// SPDX-License-Identifier: Apache-2.0
// A ring's slots as they go from one member to another: FLOWS.md's rules 1 to 3 and the end of 9.
// Pure: the time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "abi/sluice_abi.h"
#include "base/ip_address.h"
#include "plan/slot_values.h"

namespace sluice {

// A ring's slots, as they stand in the kernel (sluice_slot()), or, as Maglev fills them, positions.
using Ring = std::vector<uint32_t>;
// Rings are large and shared: by services with the same members, and by an image and its successor.
using RingPtr = std::shared_ptr<const Ring>;

using Time = std::chrono::steady_clock::time_point;  // CLOCK_MONOTONIC, the data plane's own

struct Slots {
  std::vector<IpAddress> backends;  // by position; the position behind the last is nobody's
  RingPtr wanted;                   // the positions that Maglev gave; null: nobody gets new flows
  RingPtr ring;                     // null: no slot has a member
  // Of slots in WINDOW: which of `ends` is its own.
  SlotValues<uint16_t> window;
  std::vector<Time> ends;
  // Of slots in TAIL: how many scans in a row found no flow of another member in it.
  SlotValues<uint8_t> quiet;
  Time changed;  // when `ring` became what it is

  uint32_t nobody() const { return uint32_t(backends.size()); }
};

struct SlotCounts {
  size_t clean = 0, window = 0, tail = 0;
};
SlotCounts count_states(const Slots& slots);
// Is every slot CLEAN?
bool is_clean(const Slots& slots);

// What a ring shall become.
struct SlotChange {
  std::vector<IpAddress> backends;  // every one that a slot may name from now on
  RingPtr wanted;                   // as in Slots
  std::set<IpAddress> dead;         // those of `backends` that have lost their flows
  std::chrono::nanoseconds window;  // how long old flows have to show themselves
  bool remembers = true;            // false: what is forgotten may break (tracking: never)
  bool doubts = false;              // true: tables may have entries of slots in CLEAN
  Time now;
};

// `from` changed to `to`, windows that are over closed. Returns `from` itself, its ring shared,
// where nothing is different.
Slots change_slots(const Slots& from, const SlotChange& to);

// A new ring for flows that the tables know, all of them: it begins in TAIL.
Slots slots_of_remembered(const SlotChange& to);

// When the first window of the ring is over; Time::max() if there is none.
Time next_end(const Slots& slots);

// What a scan of the flow tables says about a ring.
struct SlotScan {
  Time began;
  std::vector<bool> disagree;  // by slot: a living flow of another member than the slot's is in it
};

// Slots in TAIL in which two scans in a row found nothing become CLEAN. A scan that began less than
// `grace` after the ring's last change does not count: packets under way may have seen the old one.
Slots settle_slots(const Slots& from, const SlotScan& scan, std::chrono::nanoseconds grace);

// The backends that some slot names, as its current or its previous member.
std::set<IpAddress> named_by(const Slots& slots);

}  // namespace sluice
