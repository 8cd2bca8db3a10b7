// SPDX-License-Identifier: Apache-2.0
// What a data plane remembers of flows, as its keeper sees it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "kernel/counters.h"
#include "kernel/mapping.h"
#include "plan/flow.h"

namespace sluice {

class Objects;

using FlowEvents = std::array<uint64_t, SLUICE_FLOW_EVENT_COUNT>;

// Where a walk through the tables is.
struct FlowPlace {
  size_t table = 0;
  // In the table: four bytes that are the kernel's own, whatever the size of a key. None: its
  // beginning.
  std::optional<uint32_t> position = {};

  bool is_end() const { return table >= kFlowTables; }
  bool operator==(const FlowPlace&) const = default;
};

class FlowTables {
 public:
  // Of maps that outlive this object.
  static Result<FlowTables> open(const Objects& objects);

  // Copies the flows of another data plane that are not in these tables, but for the tables that
  // both have in common.
  Result<void> take_over(const FlowTables& before);

  // A walk through all tables in steps, so that it holds up nobody.
  class Walk {
   public:
    // From `place` on, of another walk; one that never was leads somewhere, or to the end.
    explicit Walk(const FlowTables& tables, FlowPlace place = {})
        : tables_(tables), place_(place) {}
    // About `size` more flows; none at the end. Flows that come, go or move meanwhile may be
    // missed, or seen twice.
    Result<std::vector<Flow>> next(uint32_t size);
    const FlowPlace& place() const { return place_; }

   private:
    Result<bool> read(uint32_t size, std::vector<Flow>& out);
    const FlowTables& tables_;
    FlowPlace place_;
  };

  // The entry as it is now.
  std::optional<sluice_flow_entry> look_up(const Flow& flow) const;
  // Deletes the entry, if it is still there; false if it was not.
  bool remove(const Flow& flow);
  // Adds to the number of half-open flows that the quota is held to.
  void correct_half_open(int64_t difference);
  // Ends a pause (RecordingPause) that a killed daemon has left.
  void end_pause();
  int64_t half_open() const;

  Result<FlowEvents> events() const;

  // The maps' descriptors.
  int fd_of(FlowTable table) const { return fds_[size_t(table)]; }
  int events_fd() const { return events_fd_; }

 private:
  explicit FlowTables(Mapping half_open) : half_open_(std::move(half_open)) {}
  bool shares(const FlowTables& other, FlowTable table) const;

  std::array<int, kFlowTables> fds_ = {};
  int events_fd_ = -1;
  Mapping half_open_;
};

extern const std::array<ReasonText, SLUICE_FLOW_EVENT_COUNT> kFlowEventTexts;

// While it lives, new flows are not remembered: they go to the members that have the flows nobody
// remembers. For the time in which tables are copied; a flow begun meanwhile would be missing in
// the copy.
class RecordingPause {
 public:
  static constexpr int64_t kBeyondAnyQuota = int64_t(1) << 40;

  explicit RecordingPause(FlowTables& tables) : tables_(tables) {
    tables_.correct_half_open(kBeyondAnyQuota);
  }
  RecordingPause(const RecordingPause&) = delete;
  RecordingPause& operator=(const RecordingPause&) = delete;
  ~RecordingPause() { tables_.correct_half_open(-kBeyondAnyQuota); }

 private:
  FlowTables& tables_;
};

}  // namespace sluice
