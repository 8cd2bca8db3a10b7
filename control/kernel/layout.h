// SPDX-License-Identifier: Apache-2.0
// What a build of sluice must have in common with another one to go on with its maps, or with its
// programs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "kernel/hook.h"

namespace sluice {

// What kind of map it is, whatever size it is given.
struct MapKind {
  uint32_t type = 0, key_size = 0, value_size = 0;

  bool operator==(const MapKind&) const = default;
};

struct Layout {
  // SHA-256, in hexadecimal, of how the maps are defined and every struct and enum of the ABI is
  // laid out: where it is the same, the maps can be used as they are. Sizes that the configuration
  // sets are not part of it.
  std::string tables;
  // The same of the flow tables, and of the slots that tell which flows are looked up in them:
  // where it is the same, flows can be carried over to other tables.
  std::string flows;
  std::map<Hook, std::string> programs;  // of the embedded objects
  std::map<std::string, MapKind> maps;   // all of them by name, constants not among them
};

// Of this build.
const Layout& our_layout();

}  // namespace sluice
