// SPDX-License-Identifier: Apache-2.0
#include "loadgen/run.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "loadgen/checker.h"
#include "loadgen/random.h"
#include "loadgen/sender.h"

namespace sluice::loadgen {

namespace {

using std::chrono::steady_clock;

constexpr uint64_t kNap = 50'000;    // ns: what is worth sleeping for
constexpr uint64_t kMostQuiet = 20;  // times as long as quiet is: then it will never be quiet
constexpr std::chrono::milliseconds kLook(50);  // how often finished seconds are looked for

uint64_t now_ns() {
  return uint64_t(steady_clock::now().time_since_epoch().count());
}
static_assert(std::is_same_v<steady_clock::period, std::nano>);

// Lets others have the CPU. Short naps would be long ones: the scheduler rounds them up.
void pause_for(uint64_t ns) {
  if (ns < 2 * kNap) {
    sched_yield();
    return;
  }
  const timespec time = {.tv_sec = time_t((ns - kNap) / kSecond),
                         .tv_nsec = long((ns - kNap) % kSecond)};
  nanosleep(&time, nullptr);
}

// Of sender and receiver, whether they were asked for or not: one or two.
std::vector<unsigned> cpus_of(const Options& options) {
  if (!options.cpus.empty()) return options.cpus;
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof(set), &set);
  std::vector<unsigned> cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  // The last ones: interrupts tend to go to the first.
  if (cpus.size() > 2) cpus.erase(cpus.begin(), cpus.end() - 2);
  return cpus;
}

Result<void> stay_on(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (const int r = pthread_setaffinity_np(pthread_self(), sizeof(set), &set); r != 0)
    return errno_error("stay on CPU " + std::to_string(cpu), -r);
  return {};
}

class Run {
 public:
  Run(const Options& options, Wire& wire, const Requests& requests)
      : options_(options), wire_(wire), requests_(requests) {}

  Result<void> prepare();
  Result<void> go(const std::function<void(const Interval&)>& on_second);
  Result<Total> total();

 private:
  Result<void> begin_thread(size_t which);
  void work(size_t which, void (Run::*loop)());
  void send();
  void receive();
  void send_and_receive();
  bool receive_once();
  bool sent_all(uint64_t now) const { return requests_.stop || sender_->done(now); }
  void hand_over(Seconds& seconds, std::vector<Interval>& to, uint64_t until);
  void finish(Seconds& seconds, std::vector<Interval>& to);
  void tell(const std::function<void(const Interval&)>& on_second);

  const Options& options_;
  Wire& wire_;
  const Requests& requests_;
  uint64_t start_ = 0;
  std::optional<Source> source_;
  std::optional<Checker> checker_;
  std::optional<Sender> sender_;
  std::optional<PcapWriter> record_, record_received_;
  unsigned changes_ = 0;  // that the checker knows of
  uint64_t last_arrival_ = 0, told_ = 0;
  std::atomic<bool> sent_all_ = false;
  std::atomic<size_t> working_ = 0;  // threads
  // What threads have handed over.
  std::mutex mutex_;
  std::vector<Interval> sent_, received_;
  std::optional<Error> failed_;
  Interval all_;
};

Result<void> Run::prepare() {
  for (auto [path, writer] : {std::pair(&options_.record, &record_),
                              std::pair(&options_.record_received, &record_received_)}) {
    if (path->empty()) continue;
    Result<PcapWriter> created = PcapWriter::create(*path);
    if (!created) return created.error();
    *writer = std::move(*created);
  }
  CheckOptions check = {.magic = kStampMagic | uint16_t(mixed(now_ns())), .to = options_.to};
  if (!options_.replay.empty()) {
    Result<Replay> replay = Replay::open(options_.replay);
    if (!replay) return replay.error();
    if (replay->magic() != 0) check.magic = replay->magic();
    check.flows = replay->flows();
    check.known_flows = false;
    source_.emplace(std::move(*replay));
  } else {
    const Traffic& t = options_.traffic;
    check.flows = t.flows + uint64_t(t.new_flows * options_.seconds) + 1;
    source_.emplace(
        Generator(t, options_.from.value_or(wire_.mac()), options_.to, check.magic, check.flows));
  }
  start_ = last_arrival_ = check.start = now_ns();
  checker_.emplace(options_.traffic, check);
  sender_.emplace(options_, wire_, *source_, record_ ? &*record_ : nullptr, start_);
  return {};
}

Result<void> Run::begin_thread(size_t which) {
  prctl(PR_SET_TIMERSLACK, 1);
  const std::vector<unsigned> cpus = cpus_of(options_);
  const bool alone = options_.threads == 1;
  const unsigned cpu = alone ? cpus.back() : cpus[std::min(which, cpus.size() - 1)];
  if (Result<void> r = stay_on(cpu); !r) return r;
  return Wire::join_thread();
}

// Moves the seconds before `until` to where tell() finds them.
void Run::hand_over(Seconds& seconds, std::vector<Interval>& to, uint64_t until) {
  std::vector<Interval> done = seconds.take_until(until);
  if (done.empty()) return;
  const std::lock_guard lock(mutex_);
  std::ranges::copy(done, std::back_inserter(to));
}

void Run::finish(Seconds& seconds, std::vector<Interval>& to) {
  const std::lock_guard lock(mutex_);
  std::ranges::copy(seconds.take_rest(), std::back_inserter(to));
}

void Run::send() {
  for (;;) {
    const uint64_t now = now_ns();
    if (sent_all(now)) break;
    if (const uint64_t wait = sender_->step(now)) pause_for(wait);
    hand_over(sender_->seconds(), sent_, (now - start_) / kSecond);
  }
  finish(sender_->seconds(), sent_);
  sent_all_ = true;
}

// False when all has come that will.
bool Run::receive_once() {
  for (; changes_ != requests_.changes; changes_++) checker_->announce_change();
  const uint64_t before = checker_->entered();
  const unsigned n = wire_.receive([this](std::span<const BytesView> frames) {
    // Later than any of them was sent: another thread sends while this one looks.
    const uint64_t come = now_ns();
    checker_->check(frames, come);
    if (!record_received_) return;
    for (const BytesView frame : frames) record_received_->write(frame, calendar_of(come));
  });
  const uint64_t now = now_ns();
  if (checker_->entered() != before) last_arrival_ = now;
  const uint64_t quiet = uint64_t(options_.quiet * double(kSecond));
  if (now - start_ > quiet)
    hand_over(checker_->seconds(), received_, (now - start_ - quiet) / kSecond);
  if (n == 0 && (sent_all_ || options_.threads == 2)) sched_yield();
  if (!sent_all_) return true;
  const uint64_t last = sender_->last(), since = std::max(last_arrival_, last);
  // The last frame may have left after we looked at the clock.
  return now < since + quiet && now < last + kMostQuiet * quiet;
}

void Run::receive() {
  while (receive_once()) continue;
  finish(checker_->seconds(), received_);
}

void Run::send_and_receive() {
  for (uint64_t now = now_ns(); !sent_all(now); now = now_ns()) {
    const uint64_t wait = sender_->step(now);
    hand_over(sender_->seconds(), sent_, (now - start_) / kSecond);
    receive_once();
    // Not for long: what comes meanwhile would look as if it had been on its way.
    if (wait != 0) sched_yield();
  }
  finish(sender_->seconds(), sent_);
  sent_all_ = true;
  receive();
}

// The seconds of which both halves are known.
void Run::tell(const std::function<void(const Interval&)>& on_second) {
  std::vector<Interval> done;
  {
    const std::lock_guard lock(mutex_);
    const size_t n = working_ == 0 ? std::max(sent_.size(), received_.size())
                                   : std::min(sent_.size(), received_.size());
    sent_.resize(std::max(n, sent_.size()));
    received_.resize(std::max(n, received_.size()));
    for (size_t i = 0; i < n; i++) {
      done.push_back(received_[i]);
      done.back().sent = sent_[i].sent;
    }
    sent_.erase(sent_.begin(), sent_.begin() + ptrdiff_t(n));
    received_.erase(received_.begin(), received_.begin() + ptrdiff_t(n));
  }
  for (Interval& second : done) {
    second.second = told_++;
    all_ += second;
    on_second(second);
  }
}

void Run::work(size_t which, void (Run::*loop)()) {
  if (const Result<void> began = begin_thread(which)) {
    (this->*loop)();
  } else {
    const std::lock_guard lock(mutex_);
    failed_ = began.error();
    sent_all_ = true;
  }
  working_--;
}

Result<void> Run::go(const std::function<void(const Interval&)>& on_second) {
  std::vector<void (Run::*)()> loops = {&Run::send, &Run::receive};
  if (options_.threads == 1) loops = {&Run::send_and_receive};
  working_ = loops.size();
  std::vector<std::thread> threads;
  for (size_t i = 0; i < loops.size(); i++)
    threads.emplace_back([this, i, loop = loops[i]] { work(i, loop); });
  while (working_ != 0) {
    std::this_thread::sleep_for(kLook);
    tell(on_second);
  }
  for (std::thread& thread : threads) thread.join();
  tell(on_second);
  if (failed_) return *failed_;
  return {};
}

Result<Total> Run::total() {
  const double seconds = double(sender_->last() - start_) / double(kSecond);
  Total total = total_of(all_, seconds, sent_by(*source_), flood_by(*source_), *checker_);
  const PortErrors errors = wire_.errors();
  total.unstamped = sender_->unstamped();
  total.not_sent = errors.not_sent + sender_->not_taken();
  total.missed = errors.missed;
  for (std::optional<PcapWriter>* writer : {&record_, &record_received_})
    if (*writer)
      if (Result<void> r = (*writer)->finish(); !r) return r.error();
  return total;
}

}  // namespace

Result<Total> run(const Options& options, Wire& wire, const Requests& requests,
                  const std::function<void(const Interval&)>& on_second) {
  Run run(options, wire, requests);
  if (Result<void> r = run.prepare(); !r) return r.error();
  if (Result<void> r = run.go(on_second); !r) return r.error();
  return run.total();
}

}  // namespace sluice::loadgen
