// SPDX-License-Identifier: Apache-2.0
// What sluicectl can do: the table of verbs.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::cli {

// What the options say.
struct Options {
  std::string instance = "default";
  std::string socket;  // empty: the instance's own
  std::string bpffs = "/sys/fs/bpf";
  std::string output = "table";
  bool color = false;
  std::map<std::string, std::string, std::less<>> of_verb;  // the verb's own: "--in" -> "x.pcap"

  bool json() const { return output == "json"; }
  std::string socket_path() const;
  // The value of an option of the verb; null: not given.
  const std::string* find(std::string_view name) const;
};

// An option that only some verbs have.
struct VerbOption {
  std::string_view name;   // "--in"
  std::string_view value;  // "PCAP", as the usage shows it; empty: it has none
  std::string_view summary;
  bool required = false;
  // What is wrong with a value, empty if nothing; null: everything is right.
  std::string (*check)(const std::string& value) = nullptr;
};

struct Verb {
  using Arguments = std::span<const std::string>;

  std::string_view name;       // one word or two
  std::string_view arguments;  // as the usage shows them; each word is one, "[N]" may be left out
  std::string_view summary;
  std::string_view details;  // what else `help NAME` says
  // The exit status, or what main() complains about before it returns 1.
  Result<int> (*run)(const Options&, Arguments);
  std::span<const VerbOption> options = {};
};

std::span<const Verb> verbs();
std::span<const VerbOption> simulate_options();
std::span<const VerbOption> flows_options();
std::span<const VerbOption> config_diff_options();
std::span<const VerbOption> config_apply_options();
std::span<const VerbOption> drain_options();
std::span<const VerbOption> override_options();

Result<int> status(const Options&, Verb::Arguments);
Result<int> service_list(const Options&, Verb::Arguments);
Result<int> service_show(const Options&, Verb::Arguments);
Result<int> backend_list(const Options&, Verb::Arguments);
Result<int> backend_show(const Options&, Verb::Arguments);
Result<int> backend_drain(const Options&, Verb::Arguments);
Result<int> backend_disable(const Options&, Verb::Arguments);
Result<int> backend_ready(const Options&, Verb::Arguments);
Result<int> backend_auto(const Options&, Verb::Arguments);
Result<int> node_drain(const Options&, Verb::Arguments);
Result<int> node_disable(const Options&, Verb::Arguments);
Result<int> node_ready(const Options&, Verb::Arguments);
Result<int> node_auto(const Options&, Verb::Arguments);
Result<int> flows_list(const Options&, Verb::Arguments);
Result<int> config_check(const Options&, Verb::Arguments);
Result<int> config_diff(const Options&, Verb::Arguments);
Result<int> config_apply(const Options&, Verb::Arguments);
Result<int> config_confirm(const Options&, Verb::Arguments);
Result<int> config_rollback(const Options&, Verb::Arguments);
Result<int> config_history(const Options&, Verb::Arguments);
Result<int> config_show(const Options&, Verb::Arguments);
Result<int> simulate(const Options&, Verb::Arguments);
Result<int> reload(const Options&, Verb::Arguments);
Result<int> unload(const Options&, Verb::Arguments);

}  // namespace sluice::cli
