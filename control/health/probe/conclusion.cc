// SPDX-License-Identifier: Apache-2.0
#include "health/probe/conclusion.h"

#include <utility>

#include "health/probe/outcome.h"

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

Outcome Conclusion::too_late(std::string_view what, std::string_view detail) const {
  const auto held_up = std::chrono::duration_cast<milliseconds>(steady_clock::now() - end_);
  return health::too_late(what, timeout_, held_up, detail);
}

}  // namespace sluice::health
