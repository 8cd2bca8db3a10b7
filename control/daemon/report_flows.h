// SPDX-License-Identifier: Apache-2.0
// Flow tables and the slots of rings, as the documents of the API. Pure.
#pragma once

#include <array>
#include <vector>

#include "api/documents.h"
#include "kernel/flow_tables.h"
#include "plan/capacity.h"
#include "plan/sweep.h"

namespace sluice {

// What is known of the flow tables as wholes.
struct FlowTotals {
  FlowCapacity capacity;
  const Sweep& last;  // as FlowKeeper's
  std::array<uint64_t, kFlowTables> evicted;
  FlowEvents events;
  int64_t half_open;
};

const char* word_for(FlowTable table);

api::Flows report_flows(const FlowTotals& totals);
api::SlotStates report_slots(const Image& image);
// Of the rings that some port of the service uses.
std::vector<api::RingSlots> report_rings(const ImageService& service, Time now);

}  // namespace sluice
