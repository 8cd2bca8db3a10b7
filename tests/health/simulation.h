// SPDX-License-Identifier: Apache-2.0
// Targets asked as the prober asks them, on a clock that only the simulation moves.
#pragma once

#include <functional>
#include <queue>
#include <random>
#include <tuple>

#include "health/subjects.h"

namespace sluice::health::test {

class Simulation {
 public:
  // What a backend answers to a question asked now, and after how long.
  struct Reply {
    Outcome outcome;
    Duration after{0};
  };
  using World = std::function<Reply(size_t target, Time asked)>;

  // `targets` are subjects.h's, or others whose ids are 1, 2, ... Each is asked first somewhen
  // within its interval, and each time up to `jitter` late.
  Simulation(const std::vector<Target>& targets, World world, uint32_t seed = 1,
             Duration jitter = Duration(0))
      : targets_(targets), world_(std::move(world)), random_(seed), jitter_(0, jitter.count()) {
    judge_.aim(targets_, {}, now_);
    for (size_t n = 0; n < targets_.size(); n++) {
      const int64_t every = Duration(targets_[n].check.every).count();
      const Duration phase(std::uniform_int_distribution<int64_t>(0, every - 1)(random_));
      push({.at = kStart + phase, .target = n, .slot = kStart + phase});
    }
  }

  void run_until(Time end, const std::function<void(const Findings&)>& found = {}) {
    const auto tell = [&](const Findings& f) {
      for (const TargetId id : f.ask_now) ask(size_t(id - 1), Asked::kOnceMore);
      if (found) found(f);
    };
    while (true) {
      const std::optional<Time> due = judge_.next_due();
      const Time next = std::min(events_.top().at, due.value_or(Time::max()));
      if (next > end) break;
      now_ = next;
      if (due && *due <= now_) {
        tell(judge_.advance(now_));
        continue;
      }
      const Event e = events_.top();
      events_.pop();
      if (e.outcome) {
        tell(judge_.hear(e.target + 1, *e.outcome, e.asked, now_));
        continue;
      }
      ask(e.target, Asked::kOnSchedule);
      const Time slot = e.slot + targets_[e.target].check.every;
      push({.at = slot + Duration(jitter_(random_)), .target = e.target, .slot = slot});
    }
    now_ = end;
  }

  const Judge& judge() const { return judge_; }
  Time now() const { return now_; }
  size_t asked_on_schedule() const { return asked_[0]; }
  size_t asked_once_more() const { return asked_[1]; }

 private:
  struct Event {
    Time at;
    size_t target = 0;
    Asked asked = Asked::kOnSchedule;
    std::optional<Outcome> outcome = {};  // empty: it is to be asked, on schedule
    Time slot = {};                       // when it was to be asked, jitter aside
    uint64_t number = 0;
    bool operator>(const Event& other) const {
      return std::tie(at, number) > std::tie(other.at, other.number);
    }
  };

  void push(Event e) {
    e.number = number_++;
    events_.push(std::move(e));
  }
  void ask(size_t target, Asked asked) {
    asked_[asked == Asked::kOnceMore]++;
    Reply reply = world_(target, now_);
    push({.at = now_ + reply.after,
          .target = target,
          .asked = asked,
          .outcome = std::move(reply.outcome)});
  }

  std::vector<Target> targets_;
  World world_;
  std::mt19937 random_;
  std::uniform_int_distribution<int64_t> jitter_;
  Judge judge_;
  Time now_ = kStart;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  uint64_t number_ = 0;
  size_t asked_[2] = {};
};

}  // namespace sluice::health::test
