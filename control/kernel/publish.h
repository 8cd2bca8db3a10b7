// SPDX-License-Identifier: Apache-2.0
// Takes the steps of a plan, in its order.
#pragma once

#include "kernel/table_store.h"

namespace sluice {

// On an error the old generation is still the one in place, complete; what was put for the new one
// is taken away again as far as possible, and stands under numbers nothing refers to anyway. After
// a success the caller's live state is `plan.next`.
Result<void> publish(const Plan& plan, TableStore& store);

}  // namespace sluice
