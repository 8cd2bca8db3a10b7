// SPDX-License-Identifier: Apache-2.0
// Says in an operator's words what yaml-cpp says in a parser's.
#pragma once

#include <yaml-cpp/exceptions.h>

#include <string>
#include <string_view>

#include "config/diagnostic.h"
#include "config/tree.h"

namespace sluice {

struct Diagnosis {
  Position at;
  std::string message;
};

// yaml-cpp's 0-based mark as a position; `otherwise` for the null mark.
Position position_of(const YAML::Mark& mark, Position otherwise);

// `innermost` is the collection that was open when parsing failed, if any; `last` the place of the
// last thing that was understood.
Diagnosis diagnose_yaml(const YAML::Exception& e, std::string_view text, const Node* innermost,
                        Position last);

}  // namespace sluice
