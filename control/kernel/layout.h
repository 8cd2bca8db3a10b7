// SPDX-License-Identifier: Apache-2.0
// What a build of sluice must have in common with another one to go on with its maps, or with its
// programs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernel/hook.h"

namespace sluice {

struct Layout {
  // SHA-256, in hexadecimal, of how the maps are defined and every struct and enum of the ABI is
  // laid out: where it is the same, the maps can be used as they are. Sizes that the configuration
  // sets are not part of it.
  std::string tables;
  // The same of the flow tables, and of the slots that tell which flows are looked up in them:
  // where it is the same, flows can be carried over to other tables.
  std::string flows;
  std::map<Hook, std::string> programs;  // of the embedded objects
  std::vector<std::string> maps;         // the names of all maps, constants not among them
};

// Of this build.
const Layout& our_layout();

}  // namespace sluice
