// SPDX-License-Identifier: Apache-2.0
#include "health/conclusion.h"

#include <fmt/format.h>

#include <utility>

#include "health/outcome.h"

namespace sluice::health {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Conclusion::Conclusion(Deadlines& deadlines, milliseconds timeout, Done done)
    : deadlines_(deadlines), timeout_(timeout), done_(std::move(done)) {
}

void Conclusion::begin(LastLook look) {
  end_ = steady_clock::now() + timeout_;
  entry_ = deadlines_.at(end_, [this, look = std::move(look)] { reach(look()); });
}

void Conclusion::reach(Outcome outcome) {
  entry_ = {};
  if (const Done done = std::exchange(done_, nullptr)) done(std::move(outcome));
}

void Conclusion::reach_soon(Outcome outcome) {
  entry_ = deadlines_.at(steady_clock::now(), [this, outcome] { reach(outcome); });
}

Outcome Conclusion::too_late(std::string_view what) const {
  const milliseconds held_up = std::chrono::duration_cast<milliseconds>(steady_clock::now() - end_);
  if (held_up > timeout_ / 4)
    return unknown(fmt::format("{} within {}, but we were held up for {} ourselves", what,
                               in_words(timeout_), in_words(held_up)));
  return silent(fmt::format("{} within {}", what, in_words(timeout_)));
}

}  // namespace sluice::health
