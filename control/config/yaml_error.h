// SPDX-License-Identifier: Apache-2.0
// Says in an operator's words what libyaml says in a parser's.
#pragma once

#include <yaml.h>

#include <string>
#include <string_view>

#include "config/diagnostic.h"
#include "config/tree.h"

namespace sluice {

struct Diagnosis {
  Position at;
  std::string message;
};

// `parser` has failed; `innermost` is the collection that was open then, if any.
Diagnosis diagnose_yaml(const yaml_parser_t& parser, std::string_view text, const Node* innermost);

}  // namespace sluice
