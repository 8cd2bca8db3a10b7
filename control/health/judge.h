// SPDX-License-Identifier: Apache-2.0
// Outcomes -> verdicts. The time is an argument; control/health/README.md says what the rules are.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "health/case.h"
#include "health/saved_verdicts.h"
#include "health/targets.h"
#include "health/verdict.h"

namespace sluice::health {

// What has come of something.
struct Findings {
  std::vector<Transition> transitions;
  std::vector<Notice> notices;
  // To be asked once more, at once and beside their schedule, which stays as it is. The answer is
  // for hear(..., Asked::kOnceMore, ...).
  std::vector<TargetId> ask_now;
  bool changed = false;  // verdicts() are not what they were, rows aside
};

class Judge {
 public:
  Judge() = default;
  // Goes on from where another one was. The time between counts for nothing. aim() is next.
  Judge(const std::vector<SavedVerdict>& saved, Time now);

  // These are the targets from now on. What is believed of a backend stays when it is asked in
  // another way. Where nothing is known: new if it is one of `newcomers`, else up.
  Findings aim(const std::vector<Target>& targets, const std::set<IpAddress>& newcomers, Time now);
  // An answer; one for a target that is no more is nothing.
  Findings hear(TargetId target, const Outcome& outcome, Asked asked, Time now);
  // Does what time alone asks for.
  Findings advance(Time now);
  // When advance() has something to do.
  std::optional<Time> next_due() const;

  Verdicts verdicts() const;
  bool isolated() const { return isolated_.has_value(); }
  std::vector<SavedVerdict> save(Time now) const;

 private:
  struct Entry {
    Case c;
    std::optional<Time> due;  // in due_
  };

  void note_contact(const Case& c, Time now, Findings& findings);
  void settle(Entry& entry, Time now, Findings& findings);
  bool is_held(const Case& c, const Ruling& ruling, Time now, Findings& findings);
  bool hears_nobody_since(Time began) const;
  void end_isolation(const std::string& why, Time now, Findings& findings);
  void forget_rows(Time now);
  void put(const Target& target, Case c);
  void reschedule(Entry& entry);

  std::map<TargetId, Entry> entries_;
  std::set<std::pair<Time, TargetId>> due_;
  std::optional<Time> contact_;   // when a backend was last heard, or the beginning
  std::optional<Time> isolated_;  // since when
  Time not_isolated_until_ = Time::min();
};

}  // namespace sluice::health
