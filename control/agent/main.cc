// SPDX-License-Identifier: Apache-2.0
// sluice-agent: the backend's side of the balancer's tunnels.
#include <fmt/format.h>
#include <signal.h>
#include <systemd/sd-daemon.h>

#include <cstdio>

#include "agent/agent.h"
#include "agent/options.h"
#include "agent/status.h"
#include "base/event_loop.h"
#include "base/log.h"

namespace sluice::agent {

namespace {

Result<void> run(const Options& options) {
  init_log(options.verbose);
  Result<EventLoop> loop = EventLoop::create();
  if (!loop) return loop.error();
  Result<std::unique_ptr<Agent>> agent = Agent::start(*loop, options);
  if (!agent) return agent.error();
  const auto stop = [&] {
    spdlog::info("stopping; the data plane goes on opening tunnels");
    loop->stop();
  };
  Result<EventLoop::Source> terminate = loop->on_signal(SIGTERM, stop);
  if (!terminate) return terminate.error();
  Result<EventLoop::Source> interrupt = loop->on_signal(SIGINT, stop);
  if (!interrupt) return interrupt.error();
  sd_notify(0, "READY=1");
  Result<void> r = loop->run();
  sd_notify(0, "STOPPING=1");
  return r;
}

Error nothing_pinned(const Place& place) {
  return Error{"nothing is pinned under " + place.bpffs + "/sluice-agent/" + place.instance};
}

Result<void> status(const Options& options) {
  Result<std::optional<Pins>> pins = Pins::look(options.place);
  if (!pins) return pins.error();
  if (!*pins) return nothing_pinned(options.place);
  Result<Status> found = read_status(**pins);
  if (!found) return found.error();
  fmt::print("{}", options.json ? to_json(*found) : to_text(*found));
  return {};
}

Result<void> unload(const Options& options) {
  Result<std::optional<Pins>> pins = Pins::look(options.place);
  if (!pins) return pins.error();
  if (!*pins) {
    fmt::print("nothing to unload: {}\n", printable(nothing_pinned(options.place).message));
    return {};
  }
  Result<std::vector<std::string>> interfaces = (*pins)->interfaces();
  if (!interfaces) return interfaces.error();
  for (const std::string& interface : *interfaces) {
    if (Result<void> r = detach(interface, **pins); !r) return r;
    fmt::print("detached from {}\n", printable(interface));
  }
  Result<std::vector<std::string>> clamped = (*pins)->clamped();
  if (!clamped) return clamped.error();
  for (const std::string& interface : *clamped) {
    if (Result<void> r = unclamp(interface, **pins); !r) return r;
    fmt::print("no longer lowering the MSS on {}\n", printable(interface));
  }
  Result<std::vector<std::string>> removed = (*pins)->remove_all();
  if (!removed) return removed.error();
  for (const std::string& path : *removed) fmt::print("removed {}\n", printable(path));
  return {};
}

Result<void> dispatch(const Options& options) {
  switch (options.verb) {
    case Options::Verb::kRun:
      return run(options);
    case Options::Verb::kStatus:
      return status(options);
    case Options::Verb::kUnload:
      break;
  }
  return unload(options);
}

// The exit status.
int parse_and_run(int argc, char** argv) {
  const auto options = parse_options(argc, argv);
  if (const int* status_code = std::get_if<int>(&options)) return *status_code;
  const Result<void> done = dispatch(std::get<Options>(options));
  if (!done) fmt::print(stderr, "sluice-agent: {}\n", done.error().message);
  return done ? 0 : 1;
}

}  // namespace

}  // namespace sluice::agent

int main(int argc, char** argv) {
  const int status = sluice::agent::parse_and_run(argc, argv);
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return status;
  std::perror("sluice-agent: write to standard output");
  return 1;
}
