// SPDX-License-Identifier: Apache-2.0
// The command line of bench-loadgen, as values.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "loadgen/port_spec.h"
#include "loadgen/traffic.h"

namespace sluice::loadgen {

struct Options {
  PortSpec tx, rx;                 // may be the same one
  std::optional<MacAddress> from;  // else the port's own
  MacAddress to;
  Traffic traffic;
  double rate = 0;      // packets a second; 0: as many as go
  double seconds = 10;  // of sending
  double quiet = 0.5;   // seconds: nothing for so long, then nothing more will come
  unsigned burst = 32;
  std::vector<unsigned> cpus;  // of the sender, and of the receiver; empty: the last ones
  unsigned threads = 0;        // 2: one sends, one receives; 1: in turns; 0: by the kind of port
  std::string record, record_received, replay;  // files; empty: none
  bool json = false;
  std::vector<std::string> eal;  // more arguments for DPDK
};

// Declares them. What is given goes to `text`; options_of() makes values of it.
struct OptionTexts {
  std::string tx, rx, from, to, mix = "established=90,syn=5,fin=5", order = "uniform", rate = "10k",
                                new_flows = "0", flood = "0", seconds = "10s", quiet = "500ms",
                                output = "table";
  std::vector<std::string> vips, clients = {"198.51.100.0/24", "2001:db8:c::/64"};
  Options rest;
};
void declare(CLI::App& app, OptionTexts& texts);

// Everything that is wrong, in one message of several lines.
Result<Options> options_of(const OptionTexts& texts);

}  // namespace sluice::loadgen
