// SPDX-License-Identifier: Apache-2.0
// unload: the daemon does it if there is one; else we take away what it left.
#include <fmt/format.h>

#include <filesystem>

#include "api/client.h"
#include "api/socket.h"
#include "base/log.h"
#include "cli/output.h"
#include "cli/pins.h"
#include "cli/verb.h"
#include "kernel/attachment.h"
#include "kernel/dispatcher_pins.h"

namespace sluice::cli {

namespace {

int report(const Options& options, bool daemon, const std::vector<std::string>& removed) {
  if (options.json()) return print_json({{"daemon", daemon}, {"removed", removed}});
  if (daemon) {
    fmt::print("sluiced has detached its programs, removed its pins and stops\n");
    return 0;
  }
  for (const std::string& path : removed) fmt::print("removed {}\n", printable(path));
  if (removed.empty())
    fmt::print("nothing to unload: no sluiced answers on {}, and nothing is pinned under {}\n",
               printable(options.socket_path()),
               printable(options.bpffs + "/sluice/" + options.instance));
  return 0;
}

// A link goes with its pin; a filter or a program in a dispatcher does not.
Result<void> detach(const std::string& pin) {
  if (!Attachment::interface_of_pin(std::filesystem::path(pin).filename())) return {};
  return AttachedProgram::remove(pin);
}

}  // namespace

Result<int> unload(const Options& options, Verb::Arguments) {
  const Result<api::Occupant> occupant = api::probe_socket(options.socket_path());
  if (!occupant) return occupant.error();
  if (*occupant == api::Occupant::kListener) {
    const Result<nlohmann::json> done = api::post(options.socket_path(), "/v1/unload");
    if (!done) return done.error();
    return report(options, true, {});
  }
  keep_dispatchers_on(options.bpffs);
  const Result<std::vector<std::string>> removed =
      remove_pins(options.bpffs, options.instance, detach);
  if (!removed) return removed.error();
  return report(options, false, *removed);
}

}  // namespace sluice::cli
