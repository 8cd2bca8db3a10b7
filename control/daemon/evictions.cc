// SPDX-License-Identifier: Apache-2.0
#include "daemon/evictions.h"

#include <algorithm>

namespace sluice {

namespace {

const struct {
  FlowTable table;
  sluice_flow_event came, forgotten;
} kLruTables[] = {
    {FlowTable::kAdopted, SLUICE_FLOW_PROMOTED, SLUICE_FLOW_FORGOTTEN_ADOPTED},
    {FlowTable::kDoorkeeper, SLUICE_FLOW_ADOPTED, SLUICE_FLOW_FORGOTTEN_DOORKEEPER},
};

}  // namespace

// Flows come and go during a round, and it may have passed by before they came: so those count that
// had come at its beginning, and are not accounted for at its end.
void Evictions::end(const FlowEvents& events, const Sweep& sweep) {
  for (const auto& t : kLruTables) {
    const size_t i = size_t(t.table);
    const uint64_t accounted = events[t.forgotten] + sweep.removed[i] + sweep.entries[i];
    const uint64_t came = at_begin_[t.came];
    counts_[i] = std::max(counts_[i], came - std::min(came, accounted));
  }
}

}  // namespace sluice
