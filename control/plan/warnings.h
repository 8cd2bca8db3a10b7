// SPDX-License-Identifier: Apache-2.0
// What is valid, and yet will not do what somebody may expect of it.
#pragma once

#include <string>
#include <vector>

#include "model/config.h"
#include "plan/image.h"

namespace sluice {

// A sentence for each, with what to do about it. Pure.
std::vector<std::string> warnings_for(const Config& config, const Image& image);

}  // namespace sluice
