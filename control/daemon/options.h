// SPDX-License-Identifier: Apache-2.0
// sluiced's command line.
#pragma once

#include <string>
#include <variant>

namespace sluice {

struct Options {
  std::string config;
  std::string instance = "default";
  std::string bpffs = "/sys/fs/bpf";
  std::string socket;  // default: /run/sluice/<instance>.sock
  std::string state;   // default: /var/lib/sluice/<instance>
  bool check = false;  // only validate the file
  bool verbose = false;
};

// The options, or the exit status of a run that ends here (help: 0, bad usage: 2; said already).
std::variant<Options, int> parse_options(int argc, char** argv);

}  // namespace sluice
