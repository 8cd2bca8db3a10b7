// SPDX-License-Identifier: Apache-2.0
// A real server as a child of the test, and free ports for it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace sluice::health {

// A port that nobody has, of TCP and UDP, IPv4 and IPv6; and that no connect(2) will take before it
// is used.
uint16_t free_port();

// A program, which must be installed (debian/control says which package holds it). It ends with the
// object, and with the test. What it writes goes to `log`.
class Child {
 public:
  Child(const std::vector<std::string>& command, const std::string& log);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { kill(); }

  void pause();  // it answers no more, its kernel does
  void resume();
  void signal(int number);
  void kill();  // at once; returns when it is gone
  std::string output() const;
  // Fails the test if `text` is not in the output before long.
  void wait_for_output(const std::string& text) const;
  // The same until 127.0.0.1:`port` takes connections.
  void wait_for_port(uint16_t port) const;
  // The same until it has done what `ready` looks for.
  void wait_until(const std::function<bool()>& ready) const;

 private:
  bool running() const;

  std::string name_, log_;
  pid_t pid_ = -1;
};

// Runs a program to its end, which has to be a good one.
void run_program(const std::string& shell_command);

}  // namespace sluice::health
