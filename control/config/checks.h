// SPDX-License-Identifier: Apache-2.0
// How a check is read: its kind, what only some kinds have, and what nearly all have.
#pragma once

#include <optional>

#include "config/block.h"
#include "config/draft.h"
#include "config/words.h"
#include "model/check.h"

namespace sluice {

// Of `defaults: check:`.
struct CheckDefaults {
  Check check;                    // what a check takes that says nothing
  std::optional<CheckKind> kind;  // the probe's; with one, pools that say nothing are checked, too
  size_t bytes = 0;               // about so many a copy takes
};

CheckDefaults read_default_check(const Node& node, Report& report);
// `check: {http: /healthz}` of a pool.
std::optional<Check> read_check(const Node& node, const CheckDefaults& defaults, Report& report);
// The check of a pool that says nothing, if it has one.
std::optional<Check> default_check(const CheckDefaults& defaults);

// A probe of this kind; `value` is the kind's: /healthz.
void read_probe(const Node& value, CheckKind kind, Check& check, Report& report);
// What only the probe's kind has; the block holds nothing that it has not.
void read_probe_keys(const Block& block, Check& check, Report& report);

// Check, minimum, panic and slow start of a pool, from the block that has its backends, so many
// that they are `listed` there, with or without errors.
void read_health(const Block& block, size_t listed, const CheckDefaults& defaults, Pool& pool,
                 Draft& draft, Report& report);

}  // namespace sluice
