// SPDX-License-Identifier: Apache-2.0
// Probes against real sockets and processes.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/unique_fd.h"
#include "health/probe/probers.h"

namespace sluice::health {

using std::chrono::milliseconds;

inline Check check(decltype(Check::probe) probe, milliseconds timeout = milliseconds(5000)) {
  Check out;
  out.probe = std::move(probe);
  out.timeout = timeout;
  return out;
}

Way way(const std::string& address, uint16_t port = 0);

// Begins probes, then runs their loop, once.
class Asker {
 public:
  Asker() : probers_(Probers::create(loop_).value()) {}

  EventLoop& loop() { return loop_; }
  Probers& probers() { return *probers_; }
  // An outcome from within start_probe(), or a second one, fails the test. A probe is destroyed in
  // its own Done, as Rounds does it.
  void begin(const Check& check, const Way& way);
  // Forgets the probes that are under way.
  void forget() { probes_.clear(); }
  // Runs the loop until all probes have an outcome, or for `patience`.
  void run(milliseconds patience = milliseconds(20000));
  // Runs it for that long, whatever comes.
  void run_for(milliseconds time);

  // By the order of begin().
  const std::vector<std::optional<Outcome>>& outcomes() const { return outcomes_; }

 private:
  bool all_have_ended() const;
  EventLoop loop_ = EventLoop::create().value();
  std::unique_ptr<Probers> probers_;
  std::vector<std::optional<Outcome>> outcomes_;
  std::vector<std::unique_ptr<Probe>> probes_;
  bool starting_ = false;
  bool until_all_have_ended_ = false;
};

// One probe's outcome.
Outcome ask(const Check& check, const Way& way);

// Calls `f` on a thread in a network namespace of its own, whose loopback is up.
void in_new_namespace(const std::function<void()>& f);
// Runs a command in the calling thread's namespace; fails the test if it fails.
void shell(const std::string& command);
// `key` with slashes; of the calling thread's namespace.
void set_sysctl(const std::string& key, const std::string& value);

// While it lives, this process gets no descriptor.
class NoDescriptors {
 public:
  NoDescriptors();
  ~NoDescriptors();
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  unsigned long before_;
};

// A socket of `type` at `address` and a port that the kernel chooses.
struct BoundSocket {
  BoundSocket(int type, const std::string& address);
  UniqueFd fd;
  Way way;  // to it
};

}  // namespace sluice::health
