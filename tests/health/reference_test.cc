// SPDX-License-Identifier: Apache-2.0
// The judge beside a model that remembers everything and counts anew each time, over random orders
// of answers, waiting, reloads and restarts.
#include <gtest/gtest.h>

#include <random>

#include "health/saved_verdicts.h"
#include "health/subjects.h"

namespace sluice::health::test {
namespace {

// Slow and plain: everything is worked out from what has been heard.
class Reference {
 public:
  Reference(const Check& check, State state, Time now)
      : check_(check), state_(state), since_(now) {}

  void hear(Answer answer, Asked asked, Time now) {
    heard_.push_back({answer, asked, now});
    tick(now);
  }
  void tick(Time now) {
    const State wanted = wanted_at(now);
    if (wanted == state_) return;
    if (state_ == State::kUp) lives_.back().second = now;
    if (wanted == State::kUp) lives_.push_back({now, Time::max()});
    state_ = wanted;
    since_ = now;
  }
  void begin_up() { lives_.push_back({Time::min(), Time::max()}); }

  State state() const { return state_; }
  Time since() const { return since_; }

 private:
  struct Heard {
    Answer answer;
    Asked asked;
    Time at;
  };

  uint32_t good_row() const {
    uint32_t row = 0;
    for (auto h = heard_.rbegin(); h != heard_.rend(); ++h) {
      if (h->asked == Asked::kOnceMore) continue;
      if (h->answer == Answer::kBad) break;
      row += h->answer == Answer::kGood;
    }
    return row;
  }
  uint32_t bad_row() const {
    uint32_t row = 0;
    for (auto h = heard_.rbegin(); h != heard_.rend() && h->answer != Answer::kGood; ++h)
      row += h->answer == Answer::kBad && h->asked == Asked::kOnSchedule;
    return row;
  }
  uint32_t unknown_row() const {
    uint32_t row = 0;
    for (auto h = heard_.rbegin(); h != heard_.rend() && h->answer == Answer::kUnknown; ++h) row++;
    return row;
  }
  Time last_sign() const {
    Time last = since_;
    for (const Heard& h : heard_)
      if (h.answer == Answer::kGood) last = std::max(last, h.at);
    return last;
  }
  Time held_until() const {
    uint32_t flaps = 0;
    Duration hold{0};
    const auto quiet = [&] {
      return std::max<Duration>({2 * hold, seconds(60), 4 * check_.fall * check_.every});
    };
    const auto set = [&](uint32_t n) {
      flaps = n;
      hold =
          n ? std::min<Duration>(check_.rise * check_.every * (1 << n), minutes(5)) : Duration(0);
    };
    for (const auto& [from, to] : lives_) {
      if (from == Time::min() || to == Time::max()) continue;
      Duration up = to - from;
      if (up < quiet())
        set(std::min(flaps + 1, 5u));
      else
        while (flaps > 0 && up >= quiet()) {
          up -= quiet();
          set(flaps - 1);
        }
    }
    return since_ + hold;
  }
  State wanted_at(Time now) const {
    const bool bad = bad_row() >= check_.fall;
    switch (state_) {
      case State::kNew:
        if (good_row() > 0 || (!bad && unknown_row() >= check_.fall)) return State::kUp;
        return bad ? State::kDown : State::kNew;
      case State::kUp:
        return bad ? State::kDown : State::kUp;
      default:
        break;
    }
    const Time held = lives_.empty() ? Time::min() : held_from_down();
    if (good_row() >= check_.rise && now >= held) return State::kUp;
    if (now >= last_sign() + check_.hold_down) return State::kDead;
    return state_;
  }
  // since_ is of `dead`, once it is: the hold counts from the end of the last life.
  Time held_from_down() const { return lives_.back().second + (held_until() - since_); }

  Check check_;
  State state_;
  Time since_;
  std::vector<Heard> heard_;
  std::vector<std::pair<Time, Time>> lives_;  // from, to
};

Check random_check(std::mt19937& random) {
  return {.probe = TcpCheck{},
          .every = milliseconds(1000 * (1 + random() % 3)),
          .rise = uint32_t(1 + random() % 3),
          .fall = uint32_t(1 + random() % 4),
          .hold_down = seconds(random() % 40)};
}

// One order of events for one target.
class Trial {
 public:
  explicit Trial(uint32_t seed)
      : random_(seed),
        check_(random_check(random_)),
        is_new_(random_() % 4 == 0),
        reference_(check_, is_new_ ? State::kNew : State::kUp, now_) {
    if (!is_new_) reference_.begin_up();
    judge_.aim(targets(1, check_), aim_newcomers(), now_);
  }
  void run() {
    uint32_t mood = 0;  // answers come in runs
    for (int i = 0; i < 80 && !testing::Test::HasFailure(); i++) {
      const uint32_t longest = random_() % 20 ? 30 : 2000;
      wait(milliseconds(100 * (random_() % longest)));
      if (random_() % 5 == 0) mood = random_();
      const uint32_t what = random_() % 16;
      if (what == 0)
        restart();
      else if (what == 1)
        judge_.aim(targets(1, check_), {}, now_);
      else
        answer(mood);
      compare();
    }
  }
  size_t transitions() const { return transitions_; }

 private:
  std::set<IpAddress> aim_newcomers() const {
    return is_new_ ? std::set{target(0).backend} : std::set<IpAddress>();
  }
  // As the daemon's timer does it.
  void wait(Duration time) {
    const Time end = now_ + time;
    while (judge_.next_due() && *judge_.next_due() <= end) {
      ASSERT_GE(*judge_.next_due(), now_);
      now_ = *judge_.next_due();
      take(judge_.advance(now_));
      reference_.tick(now_);
      // Twice where the hold-down is none: down, and dead.
      ASSERT_TRUE(!judge_.next_due() || *judge_.next_due() > now_);
      compare();
    }
    now_ = end;
    reference_.tick(now_);
    compare();
  }
  void answer(uint32_t mood) {
    const uint32_t dice = random_() % 10;
    const Outcome outcome = dice == 0                       ? unknown()
                            : (mood % 2 == 0) == (dice < 9) ? good()
                                                            : refusal();
    const Asked asked = random_() % 5 == 0 ? Asked::kOnceMore : Asked::kOnSchedule;
    take(judge_.hear(1, outcome, asked, now_));
    reference_.hear(outcome.answer, asked, now_);
    // A hold-down of nothing is over at once.
    if (judge_.next_due() == now_) {
      compare();
      take(judge_.advance(now_));
      reference_.tick(now_);
    }
  }
  void restart() {
    const Result<std::vector<SavedVerdict>> saved =
        read_verdicts(write_verdicts(judge_.save(now_)));
    ASSERT_TRUE(saved) << saved.error().message;
    judge_ = Judge(*saved, now_);
    judge_.aim(targets(1, check_), {}, now_);
  }
  void take(const Findings& f) {
    for (const Transition& t : f.transitions) {
      EXPECT_EQ(t.from, last_) << "each begins where the one before has ended";
      last_ = t.to;
      transitions_++;
    }
    for (const TargetId id : f.ask_now) EXPECT_EQ(id, 1u);
  }
  void compare() {
    const Verdict v = judge_.verdicts().backends.at(user(0));
    EXPECT_EQ(name_of(v.state), std::string(name_of(reference_.state())));
    EXPECT_EQ(v.since, reference_.since());
    EXPECT_EQ(v.state, last_) << "every change has been told";
  }

  Time now_ = kStart;
  std::mt19937 random_;
  Check check_;
  bool is_new_;
  Judge judge_;
  Reference reference_;
  State last_ = is_new_ ? State::kNew : State::kUp;
  size_t transitions_ = 0;
};

TEST(Reference, AgreesOnTenThousandOrdersOfEvents) {
  size_t transitions = 0;
  for (uint32_t seed = 1; seed <= 10000; seed++) {
    Trial trial(seed);
    trial.run();
    transitions += trial.transitions();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  fmt::print("{} transitions in 10,000 orders\n", transitions);
  EXPECT_GT(transitions, 50000u);
}

}  // namespace
}  // namespace sluice::health::test
