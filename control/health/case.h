// SPDX-License-Identifier: Apache-2.0
// One target before the judge: what has been heard of it, and what is believed. The other targets
// have no part in it.
#pragma once

#include <optional>
#include <string>

#include "health/probe/probe.h"
#include "health/targets.h"
#include "health/verdict.h"
#include "health/wish.h"

namespace sluice::health {

// Why a target was asked.
enum class Asked {
  kOnSchedule,
  kOnceMore,  // because the judge wished it, at once after a bad answer
};

struct Case {
  Target target;
  State state = State::kUp;
  Time since;
  std::optional<Time> came_up;     // as in Verdict
  std::optional<Time> held_until;  // as in Verdict
  bool proven = false;             // it has given a good answer, ever
  // Answers to what was asked on schedule, in a row. Unknown ones break no row.
  uint32_t good = 0, bad = 0, unknown = 0;
  Time bad_since;          // when the row of bad ones began
  uint32_t once_more = 0;  // how often it was asked again since the last bad one
  // The hold-down counts from here: it went down, or gave a good answer, or we were cut off before.
  Time kept_from;
  uint32_t flaps = 0;  // how often it went down again soon after it had come up
  Wish wish;
  std::string last;  // the last answer
};

// Adds an answer to the rows; changes no state. True: `wish` has changed.
bool hear(Case& c, const Outcome& outcome, Asked asked, Time now);

// A bad answer has been heard. Shall the target be asked once more, at once? Then it has been
// noted. A probe that was lost is made good that way within the time that `fall` takes anyway.
bool ask_once_more(Case& c);

// The state that rows and the time ask for, and why.
struct Ruling {
  State state = State::kUp;
  std::string cause;
};
std::optional<Ruling> ruling(const Case& c, Time now);

// When time alone brings another ruling().
std::optional<Time> due(const Case& c);

Transition enter(Case& c, const Ruling& ruling, Time now);

Verdict verdict_of(const Case& c);

}  // namespace sluice::health
