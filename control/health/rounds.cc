// SPDX-License-Identifier: Apache-2.0
#include "health/rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "health/probe/outcome.h"

namespace sluice::health {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// After so many starts sockets have their turn again.
constexpr int kMostInATurn = 200;

// The most that a probe of this kind has open.
size_t descriptors_of(const Check& check) {
  const bool simple = std::holds_alternative<TcpCheck>(check.probe) ||
                      std::holds_alternative<UdpCheck>(check.probe) ||
                      std::holds_alternative<IcmpCheck>(check.probe);
  return simple ? 1 : 2;
}

// A probe's time may be as long as the period, and jitter brings the next round before its end. It
// is shortened a little then: if the round had to wait, so would all that follow, each a little
// longer.
milliseconds timeout_of(milliseconds timeout, nanoseconds until_next_round) {
  const milliseconds room = std::chrono::floor<milliseconds>(until_next_round) - milliseconds(2);
  return std::min(timeout, std::max(room, timeout - timeout / 10));
}

}  // namespace

void Rounds::set(std::vector<Work> work) {
  std::unordered_map<uint64_t, Target> before = std::move(targets_);
  targets_.clear();
  targets_.reserve(work.size());
  std::vector<Rhythm> rhythms;
  rhythms.reserve(work.size());
  for (Work& w : work) {
    rhythms.push_back({.target = w.target, .every = w.check.every, .lasts = w.check.timeout});
    Target& target = targets_[w.target];
    if (const auto was = before.find(w.target); was != before.end()) {
      target = std::move(was->second);
      before.erase(was);
      if (target.check.probe != w.check.probe) end(target);
    }
    target.check = std::move(w.check);
    target.way = w.way;
  }
  for (auto& [number, target] : before) end(target);
  schedule_.set(rhythms, steady_clock::now());
  arm();
}

ProberStatistics Rounds::statistics() const {
  ProberStatistics now = statistics_;
  now.left_out += schedule_.left_out();
  return now;
}

void Rounds::arm() {
  timer_ = {};
  if (const std::optional<Time> next = schedule_.next())
    timer_ = probers_.deadlines->at(std::max(*next, steady_clock::now()), [this] { turn(); });
}

void Rounds::turn() {
  const Time now = steady_clock::now();
  for (int i = 0; i < kMostInATurn; i++) {
    const std::optional<Round> round = schedule_.take(now);
    if (!round) break;
    Target& target = targets_.at(round->target);
    target.following = round->following;
    if (!target.round.probe) {
      begin(round->target, target, round->due);
      continue;
    }
    // The last probe began late, and its time is as long as the period.
    if (target.owed) statistics_.left_out++;
    target.owed = round->due;
  }
  arm();
}

void Rounds::begin(uint64_t number, Target& target, Time due) {
  target.owed = {};
  count_start(steady_clock::now() - due);
  ask(number, target, /*once_more=*/false);
}

void Rounds::ask_now(uint64_t number) {
  const auto it = targets_.find(number);
  if (it == targets_.end()) return;
  if (it->second.extra.probe)
    it->second.extras_owed++;
  else
    ask(number, it->second, /*once_more=*/true);
}

void Rounds::ask(uint64_t number, Target& target, bool once_more) {
  Flight& flight = target.flight(once_more);
  flight.started = steady_clock::now();
  const size_t descriptors = descriptors_of(target.check);
  if (taken_ + descriptors > descriptors_)
    return deliver({.target = number,
                    .outcome = unknown(fmt::format(
                        "{} probes are under way, and no descriptor is left for another: raise "
                        "LimitNOFILE, or let more time pass between probes",
                        statistics_.under_way)),
                    .started = flight.started,
                    .ended = flight.started,
                    .once_more = once_more});
  flight.descriptors = descriptors;
  taken_ += descriptors;
  statistics_.under_way++;
  // A question beside the rounds has all of its time.
  const milliseconds timeout =
      once_more ? target.check.timeout
                : timeout_of(target.check.timeout, target.following - flight.started);
  const Done done = [this, number, once_more](Outcome outcome) {
    finish(number, once_more, std::move(outcome));
  };
  if (timeout == target.check.timeout) {
    flight.probe = start_probe(probers_, target.check, target.way, done);
  } else {
    Check check = target.check;
    check.timeout = timeout;
    flight.probe = start_probe(probers_, check, target.way, done);
  }
}

void Rounds::count_start(nanoseconds late) {
  size_t place = 0;
  while (place < kLateness.size() && late > kLateness[place]) place++;
  statistics_.started[place]++;
  statistics_.most_late = std::max(statistics_.most_late, late);
}

void Rounds::finish(uint64_t number, bool once_more, Outcome outcome) {
  Target& target = targets_.at(number);
  Flight& flight = target.flight(once_more);
  const Time started = flight.started;
  end(flight);
  if (!once_more && target.owed) begin(number, target, *target.owed);
  if (once_more && target.extras_owed > 0) {
    target.extras_owed--;
    ask(number, target, /*once_more=*/true);
  }
  deliver({.target = number,
           .outcome = std::move(outcome),
           .started = started,
           .ended = steady_clock::now(),
           .once_more = once_more});
}

void Rounds::end(Target& target) {
  target.owed = {};
  target.extras_owed = 0;
  end(target.round);
  end(target.extra);
}

void Rounds::end(Flight& flight) {
  if (!flight.probe) return;
  flight.probe.reset();
  taken_ -= flight.descriptors;
  statistics_.under_way--;
}

void Rounds::deliver(Finished finished) {
  if (finished.outcome.answer == Answer::kUnknown) statistics_.unknown++;
  deliver_(std::move(finished));
}

}  // namespace sluice::health
