// SPDX-License-Identifier: Apache-2.0
// What probes share on their thread, and how one of any kind is started.
#pragma once

#include <memory>

#include "base/event_loop.h"
#include "health/probe/curl_loop.h"
#include "health/probe/deadlines.h"
#include "health/probe/probe.h"
#include "health/probe/raw_echo.h"
#include "health/probe/reaper.h"

namespace sluice::health {

// What the kinds need beside a socket of their own. A kind that has something to share (a handle of
// a library, say) has it here. It outlives all probes.
struct Probers {
  // `loop` must outlive it.
  static Result<std::unique_ptr<Probers>> create(EventLoop& loop);

  EventLoop& loop;
  std::unique_ptr<Deadlines> deadlines;
  std::unique_ptr<CurlLoop> curl;  // of http and grpc
  Reaper reaper{loop};             // of exec
  RawEcho raw_echo{loop};          // of icmp
};

// Asks once. `done` is called from the loop, never from in here; it may destroy the probe. Whatever
// goes wrong is an outcome.
std::unique_ptr<Probe> start_probe(Probers& probers, const Check& check, const Way& way, Done done);

}  // namespace sluice::health
