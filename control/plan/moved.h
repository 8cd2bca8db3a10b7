// SPDX-License-Identifier: Apache-2.0
// How much of a service's traffic goes elsewhere by a change.
#pragma once

#include <vector>

#include "plan/plan.h"

namespace sluice {

// Of the services that are in both images, those of whose slots any leads new flows to another
// backend.
std::vector<Moved> shares_moved(const Image& from, const Image& to);

}  // namespace sluice
