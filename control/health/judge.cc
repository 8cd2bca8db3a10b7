// SPDX-License-Identifier: Apache-2.0
#include "health/judge.h"

#include <fmt/format.h>

namespace sluice::health {

namespace {

// With fewer, backends that are dead cannot be told from a checker that is cut off.
constexpr size_t kFewestToBeIsolated = 3;

bool cannot_be_asked(const Case& c) {
  return c.unknown >= c.target.check.fall;
}

double seconds(Duration d) {
  return std::chrono::duration<double>(d).count();
}

// The first of the users of `target` that something is known about, at the same address.
const Case* predecessor(const std::map<BackendRef, const Case*>& by_user, const Target& target) {
  for (const BackendRef& user : target.users) {
    const auto it = by_user.find(user);
    if (it != by_user.end() && it->second->target.backend == target.backend) return it->second;
  }
  return nullptr;
}

// What is believed goes over to another question; answers to the one before count no more.
Case heir(const Case& before) {
  Case c = before;
  c.good = c.bad = c.unknown = c.once_more = 0;
  c.wish = {};
  return c;
}

Case fresh(State state, Time now) {
  Case c;
  c.state = state;
  c.since = now;
  return c;
}

// Of a target that could (not) be asked until now.
void note_unknown(const Case& c, bool could_not, Time now, Findings& findings) {
  if (cannot_be_asked(c) == could_not) return;
  const char* text = could_not ? "{} can be asked again: {}" : "{} cannot be asked: {}";
  findings.notices.push_back({.kind = could_not ? Notice::Kind::kCanAsk : Notice::Kind::kCannotAsk,
                              .target = c.target.id,
                              .text = fmt::format(fmt::runtime(text), c.target.name, c.last),
                              .at = now});
}

}  // namespace

Judge::Judge(const std::vector<SavedVerdict>& saved, Time now) : contact_(now) {
  for (const SavedVerdict& s : saved) {
    const Case c = restored(s, now);
    put(c.target, c);
  }
}

Findings Judge::aim(const std::vector<Target>& targets, const std::set<IpAddress>& newcomers,
                    Time now) {
  const std::map<TargetId, Entry> before = std::exchange(entries_, {});
  std::map<BackendRef, const Case*> by_user;
  for (const auto& [id, entry] : before)
    for (const BackendRef& user : entry.c.target.users) by_user.emplace(user, &entry.c);
  due_.clear();
  for (const Target& target : targets) {
    if (const auto same = before.find(target.id); same != before.end())
      put(target, same->second.c);
    else if (const Case* known = predecessor(by_user, target))
      put(target, heir(*known));
    else
      put(target, fresh(newcomers.contains(target.backend) ? State::kNew : State::kUp, now));
  }
  if (!contact_) contact_ = now;
  Findings findings;
  findings.changed = true;
  if (isolated_ && !hears_nobody_since(*isolated_))
    end_isolation("backends are asked in another way now", now, findings);
  return findings;
}

Findings Judge::hear(TargetId target, const Outcome& outcome, Asked asked, Time now) {
  Findings findings;
  const auto it = entries_.find(target);
  if (it == entries_.end()) return findings;
  Case& c = it->second.c;
  const bool could_not = cannot_be_asked(c);
  if (outcome.answer == Answer::kGood || outcome.replied) note_contact(c, now, findings);
  findings.changed |= health::hear(c, outcome, asked, now);
  note_unknown(c, could_not, now, findings);
  if (outcome.answer == Answer::kBad && ask_once_more(c)) findings.ask_now.push_back(target);
  settle(it->second, now, findings);
  return findings;
}

Findings Judge::advance(Time now) {
  Findings findings;
  while (!isolated_ && !due_.empty() && due_.begin()->first <= now) {
    Entry& entry = entries_.at(due_.begin()->second);
    const State before = entry.c.state;
    settle(entry, now, findings);
    if (entry.c.state == before) break;  // never: what is due is ruled
  }
  return findings;
}

// While verdicts stay as they are, time alone changes nothing.
std::optional<Time> Judge::next_due() const {
  if (isolated_ || due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

Verdicts Judge::verdicts() const {
  Verdicts verdicts = {.backends = {}, .isolated = isolated()};
  for (const auto& [id, entry] : entries_)
    for (const BackendRef& user : entry.c.target.users)
      verdicts.backends.emplace(user, verdict_of(entry.c));
  return verdicts;
}

std::vector<SavedVerdict> Judge::save(Time now) const {
  std::vector<SavedVerdict> saved;
  for (const auto& [id, entry] : entries_) saved.push_back(saved_of(entry.c, now));
  return saved;
}

// A backend is being heard: we are not cut off. But perhaps we were, for too short a time to be
// found: there may be answers to come yet that are bad because of it.
void Judge::note_contact(const Case& c, Time now, Findings& findings) {
  const Duration silence = now - *contact_;
  if (isolated_) {
    end_isolation("a backend has answered", now, findings);
    // Until it can be heard again. Else a backend that is asked seldom would, alone, call off the
    // end of all others again and again.
    not_isolated_until_ = now + 2 * c.target.check.every;
  } else if (silence >= 2 * c.target.check.every && hears_nobody_since(now)) {
    findings.notices.push_back(
        {.kind = Notice::Kind::kWasIsolated,
         .target = 0,
         .text = fmt::format("no backend at all answered for {:.1f} s: it must have been us, so "
                             "what was heard in that time does not count",
                             seconds(silence)),
         .at = now});
    forget_rows(now);
  }
  contact_ = now;
}

void Judge::settle(Entry& entry, Time now, Findings& findings) {
  const std::optional<Ruling> r = ruling(entry.c, now);
  if (r && !is_held(entry.c, *r, now, findings)) {
    findings.transitions.push_back(enter(entry.c, *r, now));
    findings.changed = true;
  }
  reschedule(entry);
}

// Does the ruling have to wait, because it must be us?
bool Judge::is_held(const Case& c, const Ruling& ruling, Time now, Findings& findings) {
  if (ruling.state == State::kUp) return false;
  if (isolated_) return true;
  // Whoever is well has had an interval to say so.
  const Time began = std::min(c.bad_since, now - c.target.check.every);
  if (now < not_isolated_until_ || c.state != State::kUp || !c.proven) return false;
  if (!hears_nobody_since(began)) return false;
  isolated_ = now;
  findings.changed = true;
  findings.notices.push_back({.kind = Notice::Kind::kIsolated,
                              .target = 0,
                              .text = fmt::format("no backend at all has answered for {:.1f} s: it "
                                                  "must be us, so verdicts stay as they are until "
                                                  "one does; the last answer was: {}",
                                                  seconds(now - *contact_), c.last),
                              .at = now});
  return true;
}

// Nobody was heard since `began`, and nearly all that were well have been asked in vain. What has
// never answered is not missed.
bool Judge::hears_nobody_since(Time began) const {
  if (*contact_ >= began) return false;
  std::set<IpAddress> well, silent;
  for (const auto& [id, entry] : entries_) {
    const Case& c = entry.c;
    const bool just_lost = c.state == State::kDown && c.since > *contact_;
    if (!c.proven || !(c.state == State::kUp || just_lost)) continue;
    well.insert(c.target.backend);
    if (just_lost || c.bad > 0 || c.unknown > 0) silent.insert(c.target.backend);
  }
  return silent.size() >= kFewestToBeIsolated && silent.size() * 10 >= well.size() * 9;
}

void Judge::end_isolation(const std::string& why, Time now, Findings& findings) {
  findings.changed = true;
  findings.notices.push_back(
      {.kind = Notice::Kind::kNotIsolated,
       .target = 0,
       .text = fmt::format("{}; verdicts stood still for {:.1f} s, and follow answers again", why,
                           seconds(now - *isolated_)),
       .at = now});
  isolated_.reset();
  forget_rows(now);
}

// What was heard while we were cut off says nothing about a backend, nor does that time.
void Judge::forget_rows(Time now) {
  for (auto& [id, entry] : entries_) {
    entry.c.bad = entry.c.once_more = 0;
    entry.c.kept_from = now;
    reschedule(entry);
  }
}

void Judge::put(const Target& target, Case c) {
  Entry& entry = entries_[target.id];
  entry.c = std::move(c);
  entry.c.target = target;
  reschedule(entry);
}

void Judge::reschedule(Entry& entry) {
  const TargetId id = entry.c.target.id;
  const std::optional<Time> at = due(entry.c);
  if (entry.due == at) return;
  if (entry.due) due_.erase({*entry.due, id});
  if (at) due_.insert({*at, id});
  entry.due = at;
}

}  // namespace sluice::health
