// SPDX-License-Identifier: Apache-2.0
// A program running in a host, which never outlives the lab.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/host.h"
#include "netns/wait.h"

namespace sluice::netns {

struct Command {
  std::vector<std::string> argv;  // argv[0] is a path
  bool notifies = false;          // it tells READY=1 as in sd_notify(3), and start() waits for it
  milliseconds patience{5000};    // for becoming ready
};

struct Exit {
  int status = 0;      // its exit status, or 128 + the signal that ended it
  std::string output;  // what it wrote to standard output and standard error
};

// The program is killed when the thread that started it ends: start programs from the main thread.
class Process {
 public:
  static Result<Process> start(const Host& host, const Command& command);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  ~Process();  // SIGTERM, then SIGKILL

  pid_t pid() const { return pid_; }
  bool running() const;
  Result<void> signal(int signo) const;
  // Waits for the next READY=1, for example after a reload.
  Result<void> wait_ready(milliseconds patience);
  // Waits for its end; at the deadline it is an error and the program runs on.
  Result<Exit> wait(milliseconds patience);
  // Asks it to end with SIGTERM; at the deadline it is killed, and that is an error.
  Result<Exit> stop(milliseconds patience = milliseconds(3000));
  Result<Exit> kill();
  // All it has written so far; also in log() while the lab lives.
  std::string output() const;
  const std::string& log() const { return log_; }

 private:
  Process() = default;
  Error failure(const std::string& what) const;

  std::string name_, log_;
  pid_t pid_ = -1;  // -1 once its end has been collected
  UniqueFd pidfd_, notify_;
};

// Runs a program to its end.
Result<Exit> run_program(const Host& host, const std::vector<std::string>& argv,
                         milliseconds patience = milliseconds(10000));

}  // namespace sluice::netns
