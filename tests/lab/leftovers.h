// SPDX-License-Identifier: Apache-2.0
// What a lab has left behind, asked from outside of it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "netns/topology.h"

namespace sluice::netns {

// What can be recognised again after a lab has gone.
struct Traces {
  std::string name, directory;
  std::vector<pid_t> processes;
  std::vector<std::string> namespaces;  // "net:[4026532008]"
};

Traces traces_of(const Lab& lab, Topology& topology, const std::vector<pid_t>& processes);
std::string to_text(const Traces& traces);
Traces from_text(const std::string& text);

// One line for each thing that is still there; empty when all is gone.
std::string leftovers(const Traces& traces);

}  // namespace sluice::netns
