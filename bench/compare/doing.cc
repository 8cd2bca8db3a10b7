// SPDX-License-Identifier: Apache-2.0
#include "compare/doing.h"

#include <signal.h>

#include <chrono>

#include "api/client.h"

namespace sluice::bench {

namespace {

using netns::Clock;
using netns::milliseconds;

constexpr milliseconds kApart(100);  // ten a second

// Returns when what the file says is in force.
Result<void> reload(netns::Instance& sluice, const std::string& text) {
  if (auto r = sluice.write_config(text); !r) return r.error();
  if (auto r = api::post(sluice.socket_path(), "/v1/reload"); !r) return r.error();
  return {};
}

Result<void> restart(netns::Instance& sluice, int signal) {
  const Result<netns::Exit> exit =
      signal == SIGKILL ? sluice.daemon().kill() : sluice.daemon().stop();
  if (!exit) return exit.error();
  return sluice.start_daemon();
}

}  // namespace

Doing doing_of(Change change, const Plan& plan, const Subject& subject) {
  netns::Instance& sluice = *subject.sluice;
  switch (change) {
    case Change::kNone:
      break;
    case Change::kBackends:
      return {
          .name = "backends",
          .what = subject.backends + " are others, 10 times a second",
          .times = plan.backend_changes,
          .apart = kApart,
          .once = [&sluice, text = subject.with_other_backends] { return reload(sluice, text()); }};
    case Change::kProgram:
      return {
          .name = "program",
          .what = "another program, one after the other",
          .times = plan.replacements,
          .once = [&sluice, text = subject.with_other_program] { return reload(sluice, text()); }};
    case Change::kRestart:
      return {.name = "restart",
              .what = "the daemon ends (SIGTERM) and starts again",
              .times = plan.restarts,
              .once = [&sluice] { return restart(sluice, SIGTERM); }};
    case Change::kKill:
      return {.name = "kill",
              .what = "the daemon is killed and starts again",
              .times = plan.restarts,
              .once = [&sluice] { return restart(sluice, SIGKILL); }};
  }
  return {.name = "none",
          .what = "nothing is done",
          .times = plan.pauses,
          .apart = kApart,
          .once = nullptr};
}

Result<double> repeat(const Doing& doing) {
  double busy = 0;
  for (unsigned i = 0; i < doing.times; i++) {
    const Clock::time_point start = Clock::now();
    if (doing.once)
      if (Result<void> r = doing.once(); !r) return Error{doing.name + ": " + r.error().message};
    const Clock::time_point end = Clock::now();
    if (doing.once) busy += std::chrono::duration<double, std::milli>(end - start).count();
    const auto rest = std::chrono::ceil<milliseconds>(start + doing.apart - end);
    if (rest > milliseconds(0))
      if (Result<void> r = netns::pause_for(rest); !r) return r.error();
  }
  return busy;
}

}  // namespace sluice::bench
