// SPDX-License-Identifier: Apache-2.0
// What the operator must have set up for the inner packets to be accepted, and may have forgotten.
#pragma once

#include <string>
#include <vector>

#include "agent/options.h"
#include "network/links.h"

namespace sluice::agent {

// One sentence for each thing that looks wrong on this host, which has `addresses`.
std::vector<std::string> check_host(const Settings& settings,
                                    const std::vector<LinkAddress>& addresses);

}  // namespace sluice::agent
