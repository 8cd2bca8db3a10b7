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

Progress::Progress() : Progress(::isatty(STDERR_FILENO) && !::isatty(STDOUT_FILENO)) {
}

Progress::Progress(bool wanted) : wanted_(wanted), next_(Clock::now() + kPatience) {
}

void Progress::at(uint64_t done, std::optional<double> share) {
  if (is_due()) show(counted(done, "packet") + (share ? ", " + human_share(*share) : ""));
}

void Progress::say(const std::string& line) {
  if (is_due()) show(line);
}

bool Progress::is_due() {
  if (!wanted_ || Clock::now() < next_) return false;
  next_ = Clock::now() + kInterval;
  return true;
}

void Progress::show(const std::string& line) {
  shown_ = true;
  fmt::print(stderr, "\r{}\x1b[K", line);
}

void Progress::clear() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
}

}  // namespace sluice::cli
