// SPDX-License-Identifier: Apache-2.0
// What a probe costs this host: a figure; bounds are to be so wide that only a mistake exceeds
// them.
#pragma once

#include <sys/resource.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <vector>

#include "health/probe/ask.h"

namespace sluice::health {

using StartOne = std::function<std::unique_ptr<Probe>(Turn&, Done)>;

inline double cpu_microseconds() {
  rusage usage = {};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto of = [](const timeval& t) { return double(t.tv_sec) * 1e6 + double(t.tv_usec); };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

// Asks `count` times, 64 at once, and says how many microseconds each took of this thread.
inline double cost(const char* name, Turn& turn, size_t count, const StartOne& start) {
  std::vector<std::unique_ptr<Probe>> probes(64);
  size_t begun = 0, ended = 0;
  const std::function<void(size_t)> next = [&](size_t i) {
    begun++;
    probes[i] = start(turn, [&, i](const Outcome& outcome) {
      EXPECT_EQ(outcome.answer, Answer::kGood) << outcome.text;
      if (++ended == count) turn.loop.stop();
      if (begun < count) next(i);
    });
  };
  const double before = cpu_microseconds();
  for (size_t i = 0; i < probes.size(); i++) next(i);
  EXPECT_TRUE(turn.loop.run().has_value());
  const double each = (cpu_microseconds() - before) / double(count);
  std::printf("%s: %.0f us of CPU\n", name, each);
  return each;
}

}  // namespace sluice::health
