// SPDX-License-Identifier: Apache-2.0
// What a daemon asks of a data plane it has loaded, be it on the host or in a device.
#pragma once

#include "kernel/counters.h"
#include "kernel/flow_tables.h"
#include "kernel/hook.h"
#include "kernel/table_store.h"
#include "plan/capacity.h"

namespace sluice {

class LoadedDataplane : public TableStore {
 public:
  virtual const Capacity& capacity() const = 0;
  // What to attach; this object's.
  virtual Programs programs() const = 0;
  // Null where no flows are remembered.
  virtual FlowTables* flows() { return nullptr; }
  // `members` is how many member indices to read, from 0.
  virtual Result<Counters> counters(uint32_t members) const = 0;
};

}  // namespace sluice
