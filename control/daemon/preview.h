// SPDX-License-Identifier: Apache-2.0
// What a configuration would change if it were put in force, as the API's document. Touches
// nothing: not even a neighbour is asked for.
#pragma once

#include <vector>

#include "api/config_documents.h"
#include "daemon/controller.h"
#include "daemon/ways.h"

namespace sluice {

// What a configuration is held against.
struct InForce {
  const Config& config;
  const Controller& controller;
  const Ways& ways;
  const std::vector<Link>& links;
  const Conditions& conditions;
};

// An error if it would be refused: it does not fit, or the host is not made for it.
Result<api::ConfigDiff> preview(const Config& wanted, const InForce& now);

}  // namespace sluice
