// SPDX-License-Identifier: Apache-2.0
#include "health/detection.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "base/event_loop.h"
#include "health/fixture.h"
#include "health/judge.h"
#include "health/prober.h"
#include "health/schedule.h"

namespace sluice::health {
namespace {

using std::chrono::duration_cast;
using std::chrono::steady_clock;

constexpr milliseconds kDownWithin = kFall * kEvery + kTimeout;
constexpr milliseconds kUpWithin = kRise * kEvery + kTimeout;
// A backend that is late is waited for, to say how late.
constexpr milliseconds kPatience{5000};

// A verdict that has changed, and what the prober had said until then.
struct Change {
  Transition transition;
  Time heard;          // by the judge
  Time first_started;  // the first of the row of answers that changed it
  uint32_t row = 0;    // answers to rounds in that row
};

// What has been heard of a backend, counted apart from the judge.
struct Course {
  Fault fault;
  std::optional<Answer> kind;  // of the row: good or bad
  uint32_t row = 0;
  Time first_started;
  std::vector<Change> changes;
  Time began, ended;  // the fault

  // After the first question, which comes out of turn, the next one may take longer (schedule.h).
  bool in_turn() const { return kind == Answer::kGood && row > 2; }
  void count(const Finished& f);
};

void Course::count(const Finished& f) {
  const Answer answer = f.outcome.answer;
  if (answer == Answer::kUnknown) return;  // breaks no row
  // Beside its rounds a backend can be saved, but not condemned or acquitted.
  if (f.once_more && answer == Answer::kBad) return;
  if (kind != answer) row = 0;
  kind = answer;
  if (f.once_more) return;
  if (row++ == 0) first_started = f.started;
}

// The prober, the judge, and what health_keeper.cc has between them.
class Watch {
 public:
  explicit Watch(std::vector<Fault> faults);
  // What is waited for, for so long at most, and what is done then. An event loop runs once.
  struct Stage {
    std::function<bool(const Course&)> all_have;
    std::function<void()> then;
  };
  void run(std::vector<Stage> stages);
  void follow(bool faulty);
  std::vector<Course*> courses();
  const Course& witness() const { return courses_.at(0); }
  ProberStatistics statistics() const { return prober_->statistics(); }

 private:
  void hear(std::vector<Finished> finished);
  void take(const Findings& findings);
  void advance();

  BoundSocket listening_{SOCK_STREAM, "127.0.0.1"};
  EventLoop loop_ = EventLoop::create().value();
  Judge judge_;
  std::map<TargetId, Course> courses_;  // 0: the witness
  std::vector<Stage> stages_;           // that are to come, the next one last
  EventLoop::Source patience_;
  std::unique_ptr<Prober> prober_;  // first to go: it calls
};

Check check_of(const Fault& fault) {
  Check c = check(fault.probe, kTimeout);
  c.every = kEvery;
  c.fall = kFall;
  c.rise = kRise;
  return c;
}

Watch::Watch(std::vector<Fault> faults) {
  EXPECT_EQ(listen(listening_.fd.get(), 100), 0);
  faults.insert(faults.begin(), {.name = "None", .probe = TcpCheck{}, .way = listening_.way});
  std::vector<Target> targets;
  for (Fault& fault : faults) {
    const TargetId id = targets.size();
    targets.push_back({.id = id,
                       .backend = *IpAddress::parse(fmt::format("198.51.100.{}", id + 1)),
                       .check = check_of(fault),
                       .users = {{.pool = "web", .backend = fault.name}},
                       .name = fault.name});
    courses_[id].fault = std::move(fault);
  }
  // They are up from the beginning, so that to go down is no flapping.
  judge_.aim(targets, {}, steady_clock::now());
  prober_ = Prober::start(loop_, [this](std::vector<Finished> f) { hear(std::move(f)); }).value();
  follow(false);
}

void Watch::follow(bool faulty) {
  std::vector<Work> work;
  for (const auto& [id, course] : courses_)
    work.push_back(
        {.target = id,
         .check = check_of(course.fault),
         .way = faulty ? course.fault.instead.value_or(course.fault.way) : course.fault.way});
  prober_->set(std::move(work));
}

std::vector<Course*> Watch::courses() {
  std::vector<Course*> out;
  for (auto& [id, course] : courses_)
    if (id != 0) out.push_back(&course);
  return out;
}

void Watch::hear(std::vector<Finished> finished) {
  for (const Finished& f : finished) {
    courses_.at(f.target).count(f);
    take(judge_.hear(f.target, f.outcome, f.once_more ? Asked::kOnceMore : Asked::kOnSchedule,
                     f.ended));
  }
  const std::vector<Course*> all = courses();
  while (!stages_.empty() && std::all_of(all.begin(), all.end(),
                                         [&](Course* c) { return stages_.back().all_have(*c); }))
    advance();
}

void Watch::advance() {
  const Stage stage = std::move(stages_.back());
  stages_.pop_back();
  stage.then();
  if (stages_.empty()) return loop_.stop();
  patience_ = loop_.after(kPatience, [this] { advance(); }).value();
}

void Watch::run(std::vector<Stage> stages) {
  stages_.assign(std::make_move_iterator(stages.rbegin()), std::make_move_iterator(stages.rend()));
  patience_ = loop_.after(kPatience, [this] { advance(); }).value();
  EXPECT_TRUE(loop_.run());
}

void Watch::take(const Findings& findings) {
  for (const Transition& t : findings.transitions) {
    Course& course = courses_.at(t.target);
    course.changes.push_back({.transition = t,
                              .heard = steady_clock::now(),
                              .first_started = course.first_started,
                              .row = course.row});
  }
  for (const Notice& n : findings.notices) ADD_FAILURE() << n.text;
  if (!findings.ask_now.empty()) prober_->ask_now(findings.ask_now);
}

void expect_change(const Change& change, State to, const std::string& cause, uint32_t row) {
  EXPECT_STREQ(name_of(change.transition.to), name_of(to));
  EXPECT_EQ(change.transition.cause, cause);
  EXPECT_EQ(change.row, row) << "answers to rounds, as the test counted them";
  // A row of answers takes its time: they are to questions that are apart, of which the first may
  // have been late.
  EXPECT_GE(change.transition.at - change.first_started,
            (row - 1) * kEvery - 2 * jitter_of(kEvery) - patience_of(kEvery));
}

void expect_course(const std::string& kind, const Course& course) {
  SCOPED_TRACE(kind + ", " + course.fault.name);
  ASSERT_EQ(course.changes.size(), 2u) << "down and up";
  const Change &down = course.changes[0], &up = course.changes[1];
  expect_change(down, State::kDown, "3 bad answers in a row", kFall);
  expect_change(up, State::kUp, "2 good answers in a row", kRise);
  EXPECT_THAT(down.transition.last, course.fault.bad);
  EXPECT_THAT(up.transition.last, course.fault.good);
  const auto down_after = duration_cast<milliseconds>(down.heard - course.began);
  const auto up_after = duration_cast<milliseconds>(up.heard - course.ended);
  EXPECT_LE(down_after, kDownWithin + kSlack);
  EXPECT_LE(up_after, kUpWithin + kSlack);
  std::printf("%s\n", fmt::format("{:12} {:14} down after {} of {} (\"{}\"), up after {} of {}",
                                  kind, course.fault.name, down_after, kDownWithin,
                                  down.transition.last, up_after, kUpWithin)
                          .c_str());
}

}  // namespace

void expect_detection(const std::string& kind, std::vector<Fault> faults) {
  Watch watch(std::move(faults));
  const std::vector<Course*> courses = watch.courses();
  const auto begin = [&] {
    for (Course* course : courses) {
      EXPECT_TRUE(course->in_turn()) << course->fault.name << ": it is well, and does not say so";
      course->fault.begin();
      course->began = steady_clock::now();
    }
    watch.follow(true);
  };
  const auto end = [&] {
    for (Course* course : courses) {
      course->fault.end();
      course->ended = steady_clock::now();
    }
    watch.follow(false);
  };
  watch.run({{[](const Course& c) { return c.in_turn(); }, begin},
             {[](const Course& c) { return !c.changes.empty(); }, end},
             {[](const Course& c) { return c.changes.size() > 1; }, [] {}}});
  for (const Course* course : courses) expect_course(kind, *course);
  EXPECT_TRUE(watch.witness().changes.empty()) << watch.witness().changes[0].transition.cause;
  if (const uint64_t left_out = watch.statistics().left_out; left_out > 0)
    std::printf("%s: the machine was busy, %ju rounds were left out\n", kind.c_str(),
                uintmax_t(left_out));
}

}  // namespace sluice::health
