// SPDX-License-Identifier: Apache-2.0
#include "daemon/report_flows.h"

#include <algorithm>

namespace sluice {

namespace {

// Looks at the slots one by one only where not all are alike: most rings are clean.
api::SlotStates states_of(const Slots& slots) {
  if (!slots.ring) return {};
  if (is_clean(slots)) return {.clean = slots.ring->size()};
  const SlotCounts n = count_states(slots);
  return {.clean = n.clean, .window = n.window, .tail = n.tail};
}

double seconds_until_next_end(const Slots& slots, Time now) {
  const Time end = next_end(slots);
  if (end == Time::max()) return 0;
  return std::max(0.0, std::chrono::duration<double>(end - now).count());
}

uint64_t capacity_of(FlowTable table, const FlowCapacity& c) {
  switch (table) {
    case FlowTable::kNew:
      return c.fresh;
    case FlowTable::kAdopted:
      return c.adopted;
    case FlowTable::kDoorkeeper:
      return c.doorkeeper;
  }
  return 0;
}

}  // namespace

const char* word_for(FlowTable table) {
  switch (table) {
    case FlowTable::kNew:
      return "new";
    case FlowTable::kAdopted:
      return "adopted";
    case FlowTable::kDoorkeeper:
      return "doorkeeper";
  }
  return "";
}

api::Flows report_flows(const FlowTotals& totals) {
  api::Flows out = {.half_open = uint64_t(std::max<int64_t>(0, totals.half_open)),
                    .half_open_most = totals.capacity.half_open()};
  for (size_t i = 0; i < kFlowTables; i++)
    out.tables.push_back({.table = word_for(FlowTable(i)),
                          .capacity = capacity_of(FlowTable(i), totals.capacity),
                          .entries = totals.last.entries[i],
                          .removed = totals.last.removed[i],
                          .evicted = totals.evicted[i]});
  for (size_t i = 0; i < totals.events.size(); i++)
    out.events.push_back({kFlowEventTexts[i].name, kFlowEventTexts[i].text, totals.events[i]});
  return out;
}

api::SlotStates report_slots(const Image& image) {
  api::SlotStates sum;
  for (const ImageService& s : image.services)
    for (const Slots* slots : {&s.tcp, &s.udp}) {
      if (!s.uses(*slots)) continue;
      const api::SlotStates n = states_of(*slots);
      sum.clean += n.clean;
      sum.window += n.window;
      sum.tail += n.tail;
    }
  return sum;
}

std::vector<api::RingSlots> report_rings(const ImageService& service, Time now) {
  std::vector<api::RingSlots> out;
  for (const Slots* slots : {&service.tcp, &service.udp})
    if (slots->ring && service.uses(*slots))
      out.push_back({.ring = slots == &service.tcp ? "tcp" : "udp",
                     .slots = states_of(*slots),
                     .window_ends_in = seconds_until_next_end(*slots, now)});
  return out;
}

}  // namespace sluice
