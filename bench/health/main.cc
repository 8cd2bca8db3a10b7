// SPDX-License-Identifier: Apache-2.0
// bench-health: are thousands of backends probed when they should be, and what does it cost?
//
// The targets are all one listening socket of this host: what a TCP probe costs is the kernel's
// work at both ends of a handshake, done on our own time.
#include <fmt/format.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <unordered_map>
#include <vector>

#include "base/event_loop.h"
#include "base/unique_fd.h"
#include "health/probe/socket.h"
#include "health/prober.h"

namespace sluice::bench {

namespace {

using health::Finished;
using health::Prober;
using health::ProberStatistics;
using health::Time;
using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

struct Options {
  uint64_t targets = 10000;
  int every_ms = 1000;
  int seconds = 10;
  int silent_percent = 0;
  bool all_cpus = false;
};

// Where connections are taken by the kernel, and by nobody after it.
struct Listener {
  UniqueFd fd;
  health::Way way;
};

Result<Listener> listen_somewhere() {
  Listener l;
  l.way.address = IpAddress::parse("127.0.0.1").value();
  l.fd = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!l.fd.valid()) return errno_error("open a socket");
  const health::SocketAddress at = health::socket_address(l.way.address, 0);
  if (bind(l.fd.get(), at.get(), at.size) < 0) return errno_error("bind a socket");
  if (listen(l.fd.get(), 4096) < 0) return errno_error("listen");
  sockaddr_in bound = {};
  socklen_t size = sizeof bound;
  if (getsockname(l.fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) < 0)
    return errno_error("read the port");
  l.way.port = ntohs(bound.sin_port);
  return l;
}

std::vector<health::Work> work_for(const Options& options, const health::Way& way,
                                   const health::Way& silent_way) {
  std::vector<health::Work> all;
  for (uint64_t i = 0; i < options.targets; i++) {
    health::Work w = {.target = i, .check = {}, .way = way};
    w.check.every = w.check.timeout = milliseconds(options.every_ms);
    if (i % 100 < uint64_t(options.silent_percent)) {
      // It waits for words that never come, or where the kernel's queue is full for its connection.
      w.check.probe = TcpCheck{.send = "", .expect = "x"};
      w.way = silent_way;
    }
    all.push_back(w);
  }
  return all;
}

double cpu_seconds() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const auto in_seconds = [](const timeval& t) {
    return double(t.tv_sec) + double(t.tv_usec) / 1e6;
  };
  return in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime);
}

// How long our threads were ready to run while others had the CPU: what is late then is no fault of
// the prober's.
double waited_seconds() {
  double nanoseconds = 0;
  for (const std::filesystem::directory_entry& task :
       std::filesystem::directory_iterator("/proc/self/task")) {
    double ran = 0, waited = 0;
    std::ifstream(task.path() / "schedstat") >> ran >> waited;
    nanoseconds += waited;
  }
  return nanoseconds / 1e9;
}

void stay_on_this_cpu() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
}

ProberStatistics operator-(ProberStatistics a, const ProberStatistics& b) {
  for (size_t i = 0; i < a.started.size(); i++) a.started[i] -= b.started[i];
  a.left_out -= b.left_out;
  a.unknown -= b.unknown;
  a.lost -= b.lost;
  return a;
}

// One run, after a warm-up in which all targets have had their first probe.
class Run {
 public:
  explicit Run(const Options& options) : options_(options) {}

  Result<void> measure() {
    Result<Listener> listener = listen_somewhere();
    if (!listener) return listener.error();
    Result<Listener> silent = listen_somewhere();
    if (!silent) return silent.error();
    Result<EventLoop> loop = EventLoop::create();
    if (!loop) return loop.error();
    Result<std::unique_ptr<Prober>> prober =
        Prober::start(*loop, [this](const std::vector<Finished>& finished) { count(finished); });
    if (!prober) return prober.error();
    (*prober)->set(work_for(options_, listener->way, silent->way));
    const milliseconds warm = milliseconds(2 * options_.every_ms) + seconds(1);
    Result<EventLoop::Source> begin = loop->after(warm, [&] {
      before_ = (*prober)->statistics();
      cpu_ = cpu_seconds();
      waited_ = waited_seconds();
      began_ = steady_clock::now();
      answers_.clear();
      batches_ = 0;
    });
    Result<EventLoop::Source> end =
        loop->after(warm + seconds(options_.seconds), [&] { loop->stop(); });
    if (!begin) return begin.error();
    if (!end) return end.error();
    if (Result<void> r = loop->run(); !r) return r;
    print((*prober)->statistics() - before_);
    return {};
  }

 private:
  void count(const std::vector<Finished>& finished) {
    batches_++;
    for (const Finished& f : finished) answers_[int(f.outcome.answer)]++;
  }

  void print(const ProberStatistics& s) {
    const double time = duration<double>(steady_clock::now() - began_).count();
    const uint64_t started = std::accumulate(s.started.begin(), s.started.end(), uint64_t(0));
    const double all = double(started + s.left_out);
    fmt::print("{} targets every {} ms, for {:.1f} s: {} probes, {:.0f} a second\n",
               options_.targets, options_.every_ms, time, started, double(started) / time);
    uint64_t within = 0;
    for (size_t i = 0; i < health::kLateness.size(); i++) {
      within += s.started[i];
      fmt::print("  within {:>4} ms of schedule  {:8.4f} %\n", health::kLateness[i].count(),
                 100 * double(within) / all);
    }
    fmt::print("  left out                   {:8.4f} %\n", 100 * double(s.left_out) / all);
    fmt::print("good {}, bad {}, unknown {}, lost {}; in {} batches\n", answers_[0], answers_[1],
               answers_[2], s.lost, batches_);
    const double cpu = cpu_seconds() - cpu_;
    fmt::print("CPU {:.1f} % of one, {:.1f} us for a probe; waited for it {:.1f} % of the time\n",
               100 * cpu / time, 1e6 * cpu / double(started),
               100 * (waited_seconds() - waited_) / time);
  }

  const Options options_;
  ProberStatistics before_;
  double cpu_ = 0, waited_ = 0;
  Time began_;
  std::unordered_map<int, uint64_t> answers_;
  uint64_t batches_ = 0;
};

}  // namespace

}  // namespace sluice::bench

int main(int argc, char** argv) {
  sluice::bench::Options options;
  CLI::App app{"Probes many targets, and says whether it was in time and what it cost."};
  app.add_option("--targets", options.targets, "how many")->capture_default_str();
  app.add_option("--every", options.every_ms, "milliseconds from one probe of a target to its next")
      ->check(CLI::Range(10, 3600000))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "how long")->capture_default_str();
  app.add_option("--silent", options.silent_percent, "percent of the targets that do not answer")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  app.add_flag("--all-cpus", options.all_cpus, "let both threads run anywhere, not on one CPU");
  CLI11_PARSE(app, argc, argv);
  if (!options.all_cpus) sluice::bench::stay_on_this_cpu();
  sluice::bench::Run run(options);
  if (sluice::Result<void> r = run.measure(); !r) {
    fmt::print(stderr, "bench-health: {}\n", r.error().message);
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
