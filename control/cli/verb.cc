// SPDX-License-Identifier: Apache-2.0
#include "cli/verb.h"

namespace sluice::cli {

namespace {

constexpr Verb kVerbs[] = {
    {"status", "", "what is attached, what is in force, what became of the packets",
     "The counters count from the moment the instance was loaded; restarting sluiced does not\n"
     "reset them.",
     status},
    {"service list", "", "every service with its traffic",
     "BACKENDS is how many of a service's backends are up.", service_list},
    {"service show", "NAME", "one service and its backends",
     "EXPECTED is a backend's share of the ring, so of the flows; ACTUAL its share of the packets.",
     service_show},
    {"config check", "FILE", "whether sluiced would accept a file; needs no daemon and no root",
     "Prints every error as FILE:LINE:COLUMN and exits with 1, or says that the file is fine.",
     config_check},
    {"reload", "", "make sluiced read its configuration file again",
     "A file with errors is refused as a whole, and what was in force stays so.", reload},
    {"unload", "", "stop sluiced, detach its programs and remove its pins",
     "Traffic is no longer balanced. Without a running sluiced the pins of the instance are\n"
     "removed from the BPF file system, which detaches what sluiced left running.",
     unload},
};

}  // namespace

std::span<const Verb> verbs() {
  return kVerbs;
}

std::string Options::socket_path() const {
  return socket.empty() ? "/run/sluice/" + instance + ".sock" : socket;
}

}  // namespace sluice::cli
