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
  // Null where its tables are laid out in another way than this build's; then there are ...
  std::unique_ptr<Dataplane> dataplane;
  // ... the kFlowMaps of it, for another data plane to go on with.
  std::optional<Objects> flows;
  Make made;
  bool same_programs;  // they are those of this build
  Past past;
  Ledger ledger;
};

// Nothing where no daemon left anything, or what it left is of a build with other flow tables, or
// damaged: why is said in the log, and it serves on until another data plane takes its place. An
// error of the moment, as where memory is short, is an Error: what runs is not replaced for that.
// What a killed daemon had begun and not finished is taken away.
Result<std::optional<Adopted>> adopt(const Pins& pins);

}  // namespace sluice
