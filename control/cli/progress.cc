// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "cli/human.h"

namespace sluice::cli {

namespace {

constexpr std::chrono::milliseconds kPatience(1000), kInterval(200);

}  // namespace

Progress::Progress()
    : wanted_(::isatty(STDERR_FILENO) && !::isatty(STDOUT_FILENO)),
      next_(Clock::now() + kPatience) {
}

void Progress::at(uint64_t done, std::optional<double> share) {
  if (!wanted_ || Clock::now() < next_) return;
  next_ = Clock::now() + kInterval;
  shown_ = true;
  fmt::print(stderr, "\r{}{}\x1b[K", counted(done, "packet"),
             share ? ", " + human_share(*share) : "");
}

void Progress::clear() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
}

}  // namespace sluice::cli
