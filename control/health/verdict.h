// SPDX-License-Identifier: Apache-2.0
// What is believed of a target, and what becomes of that.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "health/targets.h"
#include "model/condition.h"

namespace sluice::health {

using Time = std::chrono::steady_clock::time_point;  // CLOCK_MONOTONIC: no step of a clock moves it
using Duration = std::chrono::nanoseconds;

enum class State : uint8_t {
  kNew,   // it came into a running configuration, and has not answered yet: no new flows
  kUp,    // it gets its weight
  kDown,  // no new flows; those it has are kept, for the hold-down
  kDead,  // its flows are lost, too
};
const char* name_of(State state);

struct Verdict {
  State state = State::kUp;
  Time since{};
  // When it came up, if it has ever been anything else: slow start counts from here.
  std::optional<Time> came_up = {};
  // It went down again and again: it stays down until then, whatever it answers.
  std::optional<Time> held_until = {};
  // It is down, and unless it answers its flows are lost then.
  std::optional<Time> dead_at = {};
  uint32_t percent = 100;  // of its configured weight: what the backend has asked for
  std::string last = {};   // its last answer
  uint32_t good = 0, bad = 0, unknown = 0;  // answers in a row

  bool operator==(const Verdict&) const = default;
};

struct Verdicts {
  std::map<BackendRef, Verdict> backends;  // those that have a target
  bool isolated = false;
};

// A verdict that has changed: a line of the log.
struct Transition {
  TargetId target = 0;
  std::string name;  // of the target
  std::vector<BackendRef> users;
  State from = State::kUp, to = State::kUp;
  std::string cause;  // "3 bad answers in a row"
  std::string last;   // the last answer
  Time at;
  Duration lasted{0};  // how long it was `from`
};

// Something else that operators have to know: a line of the log, too.
struct Notice {
  enum class Kind {
    kIsolated,     // no backend answers any more: it must be us. Verdicts stay as they are
    kNotIsolated,  // one has answered
    kWasIsolated,  // nobody had answered for a while: what was heard then does not count
    kCannotAsk,    // a target's probes fail at our side; the verdict stays as it is
    kCanAsk,       // they do no more
  };
  Kind kind = Kind::kIsolated;
  TargetId target = 0;  // of kCannotAsk and kCanAsk
  std::string text;     // a sentence
  Time at;
};

}  // namespace sluice::health
