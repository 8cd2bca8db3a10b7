// SPDX-License-Identifier: Apache-2.0
// A Past as JSON, and back; but for what stands in the tables.
#pragma once

#include "daemon/saved_state.h"
#include "daemon/saved_values.h"

namespace sluice::saved {

Json past_json(const Past& past);
Past past_of(const Json& j, std::map<std::string, RingNumbers>& rings);

}  // namespace sluice::saved
