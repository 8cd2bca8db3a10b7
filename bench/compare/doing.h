// SPDX-License-Identifier: Apache-2.0
// What is done to sluice while packets pass: the sections that count them do the same things.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "compare/plan.h"
#include "netns/instance.h"

namespace sluice::bench {

enum class Change { kNone, kBackends, kProgram, kRestart, kKill };
inline constexpr Change kChanges[] = {Change::kNone, Change::kBackends, Change::kProgram,
                                      Change::kRestart, Change::kKill};

// Whom it is done to, and what its configuration file says next. The instance, and what the texts
// are made of, outlive the Doing.
struct Subject {
  netns::Instance* sluice = nullptr;  // runs
  std::string backends;               // what is exchanged: "all backends and their tunnels"
  std::function<std::string()> with_other_backends, with_other_program;
};

// Something that is done, `times` times.
struct Doing {
  std::string name, what;
  unsigned times = 0;
  netns::milliseconds apart{0};        // from the beginning of one to that of the next, at least
  std::function<Result<void>()> once;  // returns when it is in force; none: nothing is done
};

// As often as the plan says.
Doing doing_of(Change change, const Plan& plan, const Subject& subject);

// Does it, and returns how many milliseconds were spent in it. Called by the main thread.
Result<double> repeat(const Doing& doing);

}  // namespace sluice::bench
