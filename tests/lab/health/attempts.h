// SPDX-License-Identifier: Apache-2.0
// New connections, one after another, and which of them found nobody at the other end.
#pragma once

#include <atomic>
#include <deque>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "netns/host.h"
#include "netns/wait.h"

namespace sluice::netns {

class Attempts {
 public:
  struct Report {
    size_t all = 0, lost = 0;
    Clock::time_point last_lost;  // when the last of those was begun
  };

  // Begins one every few milliseconds from now on, to the flows' port of the VIP. A connection is
  // lost that is not there after half a second: its first SYN has had no answer.
  Attempts(const Host& host, std::string vip);
  ~Attempts();
  // Waits for those under way.
  Report stop();

 private:
  struct Attempt {
    UniqueFd fd;
    Clock::time_point begun;
  };
  void run();
  void begin();
  // True: it is over.
  bool look_at(const Attempt& attempt);

  const Host& host_;
  const std::string vip_;
  std::atomic<bool> stopping_ = false;
  std::deque<Attempt> under_way_;
  Report report_;
  std::thread thread_;
};

}  // namespace sluice::netns
