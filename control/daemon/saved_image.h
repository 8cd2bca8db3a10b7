// SPDX-License-Identifier: Apache-2.0
// An Image as JSON, and back; but for what stands in the tables.
#pragma once

#include "daemon/saved_state.h"
#include "daemon/saved_texts.h"

namespace sluice::saved {

Json image_json(const Live& live, TextPlaces& texts);
Image image_of(const Json& j, const Texts& texts, std::map<std::string, RingNumbers>& rings);

}  // namespace sluice::saved
