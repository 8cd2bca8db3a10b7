// SPDX-License-Identifier: Apache-2.0
#include "netns/wait.h"

#include <poll.h>

#include <algorithm>
#include <csignal>

namespace sluice::netns {
namespace {

volatile std::sig_atomic_t g_signal = 0;

void remember(int signo) {
  g_signal = signo;
}

}  // namespace

void end_waits_on_signals() {
  struct sigaction action = {};
  action.sa_handler = remember;  // no SA_RESTART: poll(2) must return
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int interrupted() {
  return g_signal;
}

Result<int> wait_readable(int a, int b, Clock::time_point deadline) {
  for (;;) {
    if (interrupted()) return Error{"interrupted"};
    // Short turns, for a signal between the question above and poll(2) or on another thread.
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    const int turn = int(std::clamp<int64_t>(left.count(), 0, 100));
    pollfd fds[2] = {{.fd = a, .events = POLLIN, .revents = 0},
                     {.fd = b, .events = POLLIN, .revents = 0}};
    const int ready = poll(fds, 2, turn);
    if (ready < 0 && errno != EINTR) return errno_error("wait for a descriptor");
    if (ready > 0) return fds[0].revents ? 0 : 1;
    if (left.count() <= 0) return -1;
  }
}

Result<void> pause_for(milliseconds duration) {
  Result<int> woken = wait_readable(-1, -1, Clock::now() + duration);
  if (!woken) return woken.error();
  return {};
}

Result<void> wait_until(const std::function<bool()>& done, milliseconds patience,
                        const std::string& what) {
  const Clock::time_point deadline = Clock::now() + patience;
  while (!done()) {
    if (Clock::now() > deadline)
      return Error{"gave up waiting for " + what + " after " + std::to_string(patience.count()) +
                   " ms"};
    if (Result<void> r = pause_for(milliseconds(3)); !r) return r;
  }
  return {};
}

}  // namespace sluice::netns
