// SPDX-License-Identifier: Apache-2.0
#include "cli/verb.h"

namespace sluice::cli {

namespace {

constexpr std::string_view kSimulateDetails =
    "Each frame of the capture goes through the program that sluiced attaches, in maps of its "
    "own.\n"
    "What came before counts (fragments are remembered), but not how long ago: time between "
    "frames\n"
    "is not replayed, and answers of our own are not rate-limited. No interface, route or "
    "neighbour\n"
    "of this host is asked; where the file says nothing the options below do, or a placeholder\n"
    "that standard error tells of. It takes root, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON.\n"
    "\n"
    "  tx        leaves by the interface it came in by; with a reason: an answer of our own\n"
    "  redirect  leaves by another interface\n"
    "  pass      goes to the host's kernel\n"
    "  drop      is dropped\n"
    "  skipped   was not run: CUT when captured (tcpdump -s 0 keeps all), or TOO_LARGE for the\n"
    "            kernel to run (above about 3500 bytes)\n"
    "\n"
    "With -o json, one object a line: index (from 0), verdict, reason, service, backend, "
    "interface\n"
    "(it leaves by) and packet (in hexadecimal, after the program); null where there is none.";

constexpr std::string_view kFlowsDetails =
    "While the slots of a ring go from one backend to another, and always for a service that says\n"
    "so, flows are remembered, so that they keep their backend.\n"
    "\n"
    "  new         TCP flows begun meanwhile\n"
    "  adopted     older flows, of which more than one packet has come meanwhile\n"
    "  doorkeeper  flows of which one packet has\n"
    "\n"
    "STATE is half-open (nothing but SYNs has come), established, fin or rst; IDLE how long no\n"
    "packet has come. \"(leaving)\": the file has the backend no more. Flows that come, go or "
    "move\n"
    "while they are listed may be missing, or twice.";

constexpr std::string_view kListDetails =
    "STATE is up, down (no new flows; those it has are kept for the hold-down), dead (they are "
    "lost),\n"
    "unknown (no answer yet), unchecked, or what an operator has made of it: drained, disabled,\n"
    "ready-forced. WEIGHT is what it gets now and, if that differs, what the file says; FLOWS are\n"
    "those that are remembered of one that gets no new ones, \"12+3\" with 3 that are closing.";

constexpr std::string_view kDrainDetails =
    "New flows go to other backends, those it has stay until they end. It holds, across restarts "
    "of\n"
    "sluiced, for the time of --for or until `auto` undoes it.\n"
    "\n"
    "--wait ends with 0 when nothing is left, with 1 when --timeout is over or the drain is "
    "undone.\n"
    "What is remembered of flows is counted. A flow that has been silent since the drain began is "
    "in\n"
    "no table, and nobody can count it. So nothing is left when no flow is remembered and\n"
    "\n"
    "  - no slot would send a packet to it: whoever was silent for the whole window (`drain:` in "
    "the\n"
    "    file, 15m) has lost it anyhow; the machine can be switched off; or\n"
    "  - no packet has been sent to it for the time of --quiet. How long a silent flow may yet "
    "come\n"
    "    back is said then; with --quiet longer than the window none can.";

constexpr std::string_view kDisableDetails =
    "It gets no packet any more, its flows are lost at once. It holds for the time of --for or "
    "until\n"
    "`auto` undoes it. --wait ends with 0 when nothing is sent to it.";

constexpr std::string_view kReadyDetails =
    "It gets its configured weight, whatever its checks say. It holds for the time of --for or "
    "until\n"
    "`auto` undoes it. --wait ends with 0 when it gets new flows.";

constexpr std::string_view kAutoDetails =
    "Its checks decide again. What was said of its address (`node`) is undone by `node auto` "
    "only.";

constexpr std::string_view kNodeAutoDetails =
    "Checks decide again. What was said of single backends is undone by `backend auto` only.";

constexpr std::string_view kDiffDetails =
    "Nothing is touched. MOVED is the share of a service's new flows that would go to another\n"
    "backend; flows that live are remembered and stay. Exits with 0 if the file would be "
    "accepted,\n"
    "with 1 and every error as FILE:LINE:COLUMN if it would be refused.";

constexpr std::string_view kApplyDetails =
    "The daemon puts it in force and writes it over its configuration file: both, or neither. "
    "What\n"
    "does not fit, or could not be written, is refused before anything is touched. With --confirm\n"
    "the old configuration, and the old file, come back after that time unless `config confirm` "
    "is\n"
    "said; a restart of the daemon does not change that. Meanwhile no other apply is taken, "
    "`config\n"
    "rollback` undoes the change at once, and who writes something else into the file confirms it.";

constexpr std::string_view kRollbackDetails =
    "N is a number of `config history`: 1, which is the default, is the configuration before the\n"
    "one in force. It is applied as by `config apply`, file and --confirm included. While a "
    "change\n"
    "waits to be confirmed, `config rollback` undoes it.";

const Verb kVerbs[] = {
    {"status", "", "what is attached, what is in force, what became of the packets",
     "The counters count from the moment the instance was loaded; restarting sluiced does not\n"
     "reset them. Entries, removals and evictions of the flow tables are those that the daemon\n"
     "found on its last round through them, some seconds ago; evictions are at least so many.",
     status},
    {"service list", "", "every service with its traffic",
     "BACKENDS is how many of a service's backends are up.", service_list},
    {"service show", "NAME", "one service and its backends",
     "EXPECTED is a backend's share of the ring, so of new flows; ACTUAL its share of the "
     "packets.\n"
     "Slots say what has to be remembered of flows: nothing (clean), who comes now and who came\n"
     "before (in a window after a change), or what is remembered yet (in a tail).",
     service_show},
    {"backend list", "[POOL]", "every backend: state, weight, flows left, last check", kListDetails,
     backend_list},
    {"backend show", "POOL/BACKEND", "one backend: how it is asked, what it answered, what is left",
     "\"By checks\" is what would hold without an override.", backend_show},
    {"backend drain", "POOL/BACKEND", "no new flows; those it has end in peace", kDrainDetails,
     backend_drain, drain_options()},
    {"backend disable", "POOL/BACKEND", "no packets at all", kDisableDetails, backend_disable,
     override_options()},
    {"backend ready", "POOL/BACKEND", "new flows, whatever its checks say", kReadyDetails,
     backend_ready, override_options()},
    {"backend auto", "POOL/BACKEND", "undo drain, disable and ready", kAutoDetails, backend_auto},
    {"node drain", "ADDRESS", "no new flows to that address, in all pools", kDrainDetails,
     node_drain, drain_options()},
    {"node disable", "ADDRESS", "no packets to that address", kDisableDetails, node_disable,
     override_options()},
    {"node ready", "ADDRESS", "new flows to that address, whatever checks say", kReadyDetails,
     node_ready, override_options()},
    {"node auto", "ADDRESS", "undo what was said of that address", kNodeAutoDetails, node_auto},
    {"flows list", "", "flows that are remembered, and their backends", kFlowsDetails, flows_list,
     flows_options()},
    {"config check", "FILE", "whether sluiced would accept a file; needs no daemon and no root",
     "Prints every error as FILE:LINE:COLUMN and exits with 1, or says that the file is fine.",
     config_check},
    {"config diff", "FILE", "what a file would change if it were applied now", kDiffDetails,
     config_diff, config_diff_options()},
    {"config apply", "FILE", "put a file in force, for a time if wanted", kApplyDetails,
     config_apply, config_apply_options()},
    {"config confirm", "", "keep what was applied with --confirm",
     "Fails if nothing waits to be confirmed.", config_confirm},
    {"config history", "", "the configurations that were in force, newest first",
     "BY is what brought it: the start of sluiced, the file (somebody changed it), apply, "
     "rollback,\n"
     "or confirm-timeout (what was applied with --confirm was not confirmed). 20 are kept.",
     config_history},
    {"config show", "[N]", "the text of a configuration of the history; 0 is in force",
     "The seed is in it.", config_show},
    {"config rollback", "[N]", "put a configuration of the history in force again",
     kRollbackDetails, config_rollback, config_apply_options()},
    {"simulate", "FILE", "what a configuration does to the packets of a capture; attaches nothing",
     kSimulateDetails, simulate, simulate_options()},
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

const std::string* Options::find(std::string_view name) const {
  const auto found = of_verb.find(name);
  return found == of_verb.end() ? nullptr : &found->second;
}

std::string Options::socket_path() const {
  return socket.empty() ? "/run/sluice/" + instance + ".sock" : socket;
}

}  // namespace sluice::cli
