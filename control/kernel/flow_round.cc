// SPDX-License-Identifier: Apache-2.0
#include "kernel/flow_round.h"

#include <algorithm>

namespace sluice {

FlowRound::FlowRound(FlowTables& tables, const std::array<uint64_t, kFlowTables>& removed, Time now)
    : tables_(tables), walk_(tables), half_open_before_(tables.half_open()) {
  sweep_.began = now;
  sweep_.removed = removed;
}

Result<bool> FlowRound::step(const Live& live, std::chrono::nanoseconds drain, Time now,
                             uint32_t size) {
  const Result<std::vector<Flow>> flows = walk_.next(size);
  if (!flows) return flows.error();
  const FlowJudge judge(live, drain);
  for (const Flow& seen : *flows) look_at(seen, judge, now);
  if (flows->empty()) end();
  return flows->empty();
}

// An entry that seems to be over is looked at once more: a packet may just have come.
void FlowRound::look_at(const Flow& seen, const FlowJudge& judge, Time now) {
  if (!judge.is_over(seen, now, sweep_)) return;
  const std::optional<sluice_flow_entry> entry = tables_.look_up(seen);
  if (!entry) return;
  const Flow flow = {seen.table, seen.key, *entry};
  if (!judge.is_over(flow, now, sweep_) || !tables_.remove(flow)) return;
  sweep_.removed[size_t(flow.table)]++;
  if (flow.table == FlowTable::kNew && flow.entry.marks & SLUICE_FLOW_HALF_OPEN) {
    tables_.correct_half_open(-1);
    half_open_before_--;
  }
}

// The data plane and the keeper may both miss a half-open flow that changes under their eyes; what
// a round has counted is right again, but for what came and went meanwhile.
void FlowRound::end() {
  const int64_t after = tables_.half_open(), counted = int64_t(sweep_.half_open);
  const auto [low, high] = std::minmax(half_open_before_, after);
  if (counted < low) tables_.correct_half_open(counted - low);
  if (counted > high) tables_.correct_half_open(counted - high);
}

}  // namespace sluice
