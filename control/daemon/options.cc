// SPDX-License-Identifier: Apache-2.0
#include "daemon/options.h"

#include <CLI/CLI.hpp>

namespace sluice {

namespace {

// An instance is a file name under the BPF file system and under /run.
std::string check_instance(const std::string& name) {
  constexpr const char* kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  if (name.empty() || name.size() > 32 || name.find_first_not_of(kAllowed) != std::string::npos)
    return "an instance is named by 1 to 32 letters, digits, '-' and '_'";
  return {};
}

}  // namespace

std::variant<Options, int> parse_options(int argc, char** argv) {
  Options o;
  CLI::App app(
      "sluiced: compiles a YAML file into the tables of an XDP load balancer and keeps them so. "
      "Reads the file again when it changes and on SIGHUP. Stopping it leaves the data plane "
      "forwarding; `sluicectl unload` removes it.");
  app.add_option("--config", o.config, "the configuration file")->required();
  app.add_flag("--check", o.check, "only validate the file; needs no privileges");
  app.add_option("--instance", o.instance, "names pins, socket and state")
      ->capture_default_str()
      ->check(CLI::Validator(check_instance, "NAME"));
  app.add_option("--bpffs", o.bpffs, "the BPF file system to pin in")->capture_default_str();
  app.add_option("--socket", o.socket, "the API's Unix socket [/run/sluice/<instance>.sock]");
  app.add_option("--state-dir", o.state,
                 "past configurations, and what waits to be confirmed "
                 "[/var/lib/sluice/<instance>]");
  app.add_flag("--verbose", o.verbose, "log what is done, not only what happens");
  app.set_version_flag("--version", SLUICE_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (o.socket.empty()) o.socket = "/run/sluice/" + o.instance + ".sock";
  if (o.state.empty()) o.state = "/var/lib/sluice/" + o.instance;
  return o;
}

}  // namespace sluice
