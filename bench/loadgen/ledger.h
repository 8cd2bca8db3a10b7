// SPDX-License-Identifier: Apache-2.0
// What is known of every flow: which of its packets have arrived, and where.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::loadgen {

// How a packet stands to those of its flow that came before.
enum class Arrival : uint8_t {
  kInOrder,
  kReordered,  // a later one was here first
  kDuplicate,
  kUndecided,  // so late that nobody knows whether it was here before
};

// Remembers which of the last `bits.size() * 64` numbers were here. `next` is one more than the
// highest; all zero at the beginning.
Arrival note(uint32_t& next, std::span<uint64_t> bits, uint32_t sequence);

enum class Route : uint8_t {
  kKept,
  kMoved,      // to another backend, for the first time since a change was announced
  kMisrouted,  // it is at another backend than its flow
};

class Ledger {
 public:
  // Of flows 0 .. flows - 1, and kFlood. The fewer flows, the more is remembered of each.
  explicit Ledger(uint64_t flows);

  // Fetches into the cache what the next two need: of millions of flows it is far away.
  void prefetch(uint32_t flow, uint32_t sequence) const;
  Arrival arrive(uint32_t flow, uint32_t sequence);
  // Of a numbered flow, not of the flood.
  Route route(uint32_t flow, uint16_t backend);
  // From now on each flow may move once.
  void announce_change() { epoch_++; }

  uint64_t flows() const { return records_.size(); }
  // Different packets that have arrived.
  uint32_t arrived(uint32_t flow) const { return records_[flow].arrived; }
  uint64_t misrouted_flows() const { return misrouted_flows_; }
  // Flows by the backend that has them.
  std::vector<uint64_t> flows_of_backends(size_t backends) const;

 private:
  struct Record {
    uint32_t next = 0, arrived = 0;
    uint16_t backend = 0;  // from 1; 0: none yet
    uint8_t epoch = 0;     // in which it came there
    bool misrouted = false;
  };
  std::vector<Record> records_;
  size_t words_;  // of a flow's window
  std::vector<uint64_t> windows_;
  uint32_t flood_next_ = 0;
  std::vector<uint64_t> flood_window_;
  uint64_t misrouted_flows_ = 0;
  uint8_t epoch_ = 0;
};

}  // namespace sluice::loadgen
