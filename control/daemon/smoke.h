// SPDX-License-Identifier: Apache-2.0
// The last look at programs that verified well before packets meet them: packets made of what is
// live, run through them with nothing attached, must come out for the right backend, byte for byte.
#pragma once

#include <map>

#include "abi/flow_hash.h"
#include "kernel/hook.h"
#include "plan/plan.h"

namespace sluice {

// What the packets of the test were counted as, by member number: nobody sent them.
using SmokeCounts = std::map<uint32_t, sluice_counter>;

// Every program there is, on the tables it was loaded with, which hold `live`. A packet for each
// frontend, of many frontends for a sample of them; a flow whose slot is CLEAN, so that nothing is
// remembered of it. The error says which packet, and what became of it. `counts` is right on
// errors, too.
Result<void> smoke_test(const Programs& programs, const Live& live, const sluice_hash_key& key,
                        SmokeCounts& counts);

}  // namespace sluice
