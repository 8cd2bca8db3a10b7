// SPDX-License-Identifier: Apache-2.0
#include "health/prober.h"

#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "health/outbox.h"
#include "health/rounds.h"

namespace sluice::health {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Outcomes that wait for the main thread: some seconds of ten thousand targets. If it stands still
// for longer, the oldest go.
constexpr size_t kMostOutcomes = 1 << 16;
// Outcomes of so long a time come together: the main thread need not wake for each.
constexpr milliseconds kGather{2};
// Descriptors that are left to the rest of the process, if there are so many.
constexpr size_t kReserve = 1024;

// Where nobody tells: Linux' usual limit.
constexpr size_t kUsualDescriptors = 1024;

// Raises the limit of descriptors as far as this process may, and returns how many probes may have.
// Where it is not let, it makes do with those there are.
size_t raise_descriptor_limit() {
  rlimit limit = {};
  size_t all = kUsualDescriptors;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    all = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (all < limit.rlim_max && setrlimit(RLIMIT_NOFILE, &limit) == 0) all = limit.rlim_max;
  }
  return all - std::min(all / 4, kReserve);
}

}  // namespace

// What the two threads have to do with each other. Nothing of theirs is called with the lock held.
class Prober::Thread {
 public:
  static Result<std::unique_ptr<Thread>> start();
  ~Thread();

  // From any thread.
  void set(std::vector<Work> work);
  void ask_now(const std::vector<uint64_t>& targets);
  ProberStatistics statistics() const;
  Outbox& outcomes() { return outcomes_; }

 private:
  Thread(EventLoop loop, Bell bell, Bell outcomes_bell)
      : loop_(std::move(loop)),
        bell_(std::move(bell)),
        outcomes_(std::move(outcomes_bell), kMostOutcomes) {}
  void run();
  void heed();
  void gather(Finished finished);
  void hand_over();

  EventLoop loop_;
  const Bell bell_;  // there is work, or it is enough
  Outbox outcomes_;

  mutable std::mutex mutex_;  // guards these four
  std::optional<std::vector<Work>> work_;
  std::vector<uint64_t> ask_now_;
  bool enough_ = false;
  ProberStatistics statistics_;

  // The thread's own.
  std::unique_ptr<Probers> probers_;
  std::unique_ptr<Rounds> rounds_;
  std::vector<Finished> gathered_;
  Deadlines::Entry hand_over_;
  EventLoop::Source heed_;

  std::jthread thread_;  // the last: it uses all of the above
};

Result<std::unique_ptr<Prober::Thread>> Prober::Thread::start() {
  const size_t descriptors = raise_descriptor_limit();
  Result<EventLoop> loop = EventLoop::create();
  if (!loop) return loop.error();
  Result<Bell> bell = Bell::create();
  if (!bell) return bell.error();
  Result<Bell> outcomes_bell = Bell::create();
  if (!outcomes_bell) return outcomes_bell.error();
  std::unique_ptr<Thread> made(
      new Thread(std::move(*loop), std::move(*bell), std::move(*outcomes_bell)));
  Thread* const t = made.get();
  Result<std::unique_ptr<Probers>> probers = Probers::create(t->loop_);
  if (!probers) return probers.error();
  t->probers_ = std::move(*probers);
  t->rounds_ = std::make_unique<Rounds>(*t->probers_, descriptors,
                                        [t](Finished f) { t->gather(std::move(f)); });
  Result<EventLoop::Source> heed = t->loop_.on_readable(t->bell_.fd(), [t] { t->heed(); });
  if (!heed) return heed.error();
  t->heed_ = std::move(*heed);
  t->thread_ = std::jthread([t] { t->run(); });
  return made;
}

Prober::Thread::~Thread() {
  {
    const std::lock_guard lock(mutex_);
    enough_ = true;
  }
  bell_.ring();
}

void Prober::Thread::run() {
  pthread_setname_np(pthread_self(), "probes");
  // Signals are the main thread's.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  if (Result<void> r = loop_.run(); !r) {
    // Nobody would be probed any longer, and all would seem well. The data plane goes on.
    spdlog::critical("health checks cannot go on: {}", r.error().message);
    std::abort();
  }
}

void Prober::Thread::set(std::vector<Work> work) {
  {
    const std::lock_guard lock(mutex_);
    work_ = std::move(work);
  }
  bell_.ring();
}

void Prober::Thread::ask_now(const std::vector<uint64_t>& targets) {
  {
    const std::lock_guard lock(mutex_);
    ask_now_.insert(ask_now_.end(), targets.begin(), targets.end());
  }
  bell_.ring();
}

void Prober::Thread::heed() {
  bell_.silence();
  std::optional<std::vector<Work>> work;
  std::vector<uint64_t> ask_now;
  bool enough = false;
  {
    const std::lock_guard lock(mutex_);
    work = std::exchange(work_, std::nullopt);
    ask_now = std::exchange(ask_now_, {});
    enough = enough_;
  }
  if (enough) return loop_.stop();
  if (work) rounds_->set(std::move(*work));
  for (const uint64_t target : ask_now) rounds_->ask_now(target);
}

void Prober::Thread::gather(Finished finished) {
  if (gathered_.empty())
    hand_over_ = probers_->deadlines->at(steady_clock::now() + kGather, [this] { hand_over(); });
  gathered_.push_back(std::move(finished));
}

void Prober::Thread::hand_over() {
  outcomes_.put(std::exchange(gathered_, {}));
  ProberStatistics now = rounds_->statistics();
  now.lost = outcomes_.lost();
  const std::lock_guard lock(mutex_);
  statistics_ = now;
}

ProberStatistics Prober::Thread::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

Prober::Prober() = default;
Prober::~Prober() = default;

Result<std::unique_ptr<Prober>> Prober::start(EventLoop& main_loop, Listener listener) {
  std::unique_ptr<Prober> made(new Prober);
  Result<std::unique_ptr<Thread>> thread = Thread::start();
  if (!thread) return thread.error();
  made->thread_ = std::move(*thread);
  Result<EventLoop::Source> outcomes = main_loop.on_readable(
      made->thread_->outcomes().fd(), [t = made->thread_.get(), listener = std::move(listener)] {
        std::vector<Finished> finished = t->outcomes().take();
        if (!finished.empty()) listener(std::move(finished));
      });
  if (!outcomes) return outcomes.error();
  made->outcomes_ = std::move(*outcomes);
  return made;
}

void Prober::set(std::vector<Work> work) {
  thread_->set(std::move(work));
}

void Prober::ask_now(const std::vector<uint64_t>& targets) {
  thread_->ask_now(targets);
}

ProberStatistics Prober::statistics() const {
  return thread_->statistics();
}

}  // namespace sluice::health
