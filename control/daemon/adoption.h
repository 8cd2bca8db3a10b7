// SPDX-License-Identifier: Apache-2.0
// Finding what an earlier daemon of the instance left running, and going on with it.
#pragma once

#include <memory>
#include <optional>

#include "daemon/ledger.h"
#include "daemon/make_dataplane.h"
#include "kernel/dataplane.h"
#include "kernel/pins.h"
#include "plan/history.h"

namespace sluice {

struct Adopted {
  uint32_t number;  // of its directory among the pins
  std::unique_ptr<Dataplane> dataplane;
  Make made;
  bool same_programs;  // they are those of this build
  Past past;
  Ledger ledger;
};

// Nothing where no daemon left anything, or what it left is of a build with other tables, or
// damaged: why is said in the log, and it serves on until another data plane takes its place.
// What a killed daemon had begun and not finished is taken away.
Result<std::optional<Adopted>> adopt(const Pins& pins);

}  // namespace sluice
