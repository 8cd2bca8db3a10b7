// SPDX-License-Identifier: Apache-2.0
// Which rings of an image stand in the tables already, and the numbers of those that do not.
#pragma once

#include "plan/plan.h"

namespace sluice {

// Rings are compared by content; those of the image that are live already stay where they are, and
// services with equal rings share one. One that no frontend leads to is none: no generation would
// name it, nor be swapped in because of it.
void plan_rings(const Live& live, Image& image, Plan& plan);

}  // namespace sluice
