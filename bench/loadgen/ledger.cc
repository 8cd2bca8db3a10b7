// SPDX-License-Identifier: Apache-2.0
#include "loadgen/ledger.h"

#include <algorithm>
#include <bit>

#include "loadgen/stamp.h"

namespace sluice::loadgen {

namespace {

constexpr size_t kWordBits = 64;
constexpr size_t kWindowBytes = 2 << 20;              // for all flows together: what caches hold
constexpr size_t kMostWords = (1 << 16) / kWordBits;  // of one: reordering is not worse
constexpr size_t kFloodWords = (1 << 20) / kWordBits;

size_t words_for(uint64_t flows) {
  const size_t affordable = kWindowBytes / sizeof(uint64_t) / std::max<uint64_t>(flows, 1);
  return std::bit_floor(std::clamp<size_t>(affordable, 1, kMostWords));
}

}  // namespace

Arrival note(uint32_t& next, std::span<uint64_t> bits, uint32_t sequence) {
  const uint32_t size = uint32_t(bits.size() * kWordBits);  // a power of two
  const uint32_t at = sequence & (size - 1);
  uint64_t& word = bits[at / kWordBits];
  const uint64_t bit = 1ull << at % kWordBits;
  if (sequence >= next) {
    if (sequence - next >= size) {
      std::ranges::fill(bits, 0);
    } else {
      for (uint32_t s = next; s < sequence; s++)
        bits[(s & (size - 1)) / kWordBits] &= ~(1ull << s % kWordBits);
    }
    word |= bit;
    next = sequence + 1;
    return Arrival::kInOrder;
  }
  if (next - sequence > size) return Arrival::kUndecided;
  if (word & bit) return Arrival::kDuplicate;
  word |= bit;
  return Arrival::kReordered;
}

Ledger::Ledger(uint64_t flows)
    : records_(flows),
      words_(words_for(flows)),
      windows_(flows * words_),
      flood_window_(kFloodWords) {
}

void Ledger::prefetch(uint32_t flow, uint32_t sequence) const {
  if (flow >= records_.size()) return;
  __builtin_prefetch(&records_[flow], 1);
  __builtin_prefetch(&windows_[flow * words_ + sequence / kWordBits % words_], 1);
}

Arrival Ledger::arrive(uint32_t flow, uint32_t sequence) {
  if (flow == kFlood) return note(flood_next_, flood_window_, sequence);
  Record& r = records_[flow];
  const Arrival a = note(r.next, std::span(windows_).subspan(flow * words_, words_), sequence);
  r.arrived += a == Arrival::kInOrder || a == Arrival::kReordered;
  return a;
}

Route Ledger::route(uint32_t flow, uint16_t backend) {
  Record& r = records_[flow];
  const uint16_t here = uint16_t(backend + 1);
  if (r.backend == here) return Route::kKept;
  if (r.backend == 0 || r.epoch != epoch_) {
    const Route route = r.backend == 0 ? Route::kKept : Route::kMoved;
    r.backend = here;
    r.epoch = epoch_;
    return route;
  }
  misrouted_flows_ += !r.misrouted;
  r.misrouted = true;
  return Route::kMisrouted;
}

std::vector<uint64_t> Ledger::flows_of_backends(size_t backends) const {
  std::vector<uint64_t> flows(backends);
  for (const Record& r : records_)
    if (r.backend != 0) flows[r.backend - 1u]++;
  return flows;
}

}  // namespace sluice::loadgen
