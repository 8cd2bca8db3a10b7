// SPDX-License-Identifier: Apache-2.0
// What people are told of a change that is in force.
#pragma once

#include "plan/plan.h"

namespace sluice {

// `now` is what `plan` made of `before`.
void log_change(const Image& before, const Plan& plan, const Live& now);

}  // namespace sluice
