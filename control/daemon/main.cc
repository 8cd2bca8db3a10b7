// SPDX-License-Identifier: Apache-2.0
// sluiced: the control plane's process.
#include <fmt/format.h>
#include <signal.h>
#include <systemd/sd-daemon.h>

#include <csignal>
#include <cstdio>

#include "base/log.h"
#include "config/reader.h"
#include "daemon/beginning.h"
#include "daemon/daemon.h"
#include "daemon/options.h"

namespace {

using namespace sluice;

int fail(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  return 1;
}

int check(const Options& options) {
  Result<std::string> text = read_config_text(options.config);
  if (!text) return fail(text.error());
  Result<Config> config = valid_config(*text, options.config);
  if (!config) return fail(config.error());
  fmt::print("{}: ok\n", options.config);
  return 0;
}

Result<void> serve(const Options& options) {
  Result<EventLoop> loop = EventLoop::create();
  if (!loop) return loop.error();
  std::unique_ptr<Daemon> daemon;
  const auto stop = [&] {
    spdlog::info("stopping; the data plane goes on forwarding");
    loop->stop();
  };
  // Before the start, which may take a moment: a signal that comes meanwhile waits for run().
  Result<EventLoop::Source> hangup = loop->on_signal(SIGHUP, [&] {
    if (Result<void> r = daemon->reload(); !r) spdlog::error("{}", r.error().message);
  });
  if (!hangup) return hangup.error();
  Result<EventLoop::Source> terminate = loop->on_signal(SIGTERM, stop);
  if (!terminate) return terminate.error();
  Result<EventLoop::Source> interrupt = loop->on_signal(SIGINT, stop);
  if (!interrupt) return interrupt.error();

  Result<std::unique_ptr<Daemon>> started = Daemon::start(*loop, options);
  if (!started) return started.error();
  daemon = std::move(*started);
  sd_notify(0, "READY=1");
  Result<void> r = loop->run();
  sd_notify(0, "STOPPING=1");
  return r;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = parse_options(argc, argv);
  if (const int* status = std::get_if<int>(&options)) return *status;
  const Options& o = std::get<Options>(options);
  if (o.check) return check(o);
  init_log(o.verbose);
  // A backend may hang up while a probe is being written.
  std::signal(SIGPIPE, SIG_IGN);
  Result<void> r = serve(o);
  return r ? 0 : fail(r.error());
}
