// SPDX-License-Identifier: Apache-2.0
#include "health/servers/child.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "base/unique_fd.h"

namespace sluice::health {
namespace {

using namespace std::chrono_literals;

bool is_free(uint16_t port, int type) {
  const sockaddr_in6 any = {
      .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_ANY_INIT};
  const UniqueFd fd(::socket(AF_INET6, type | SOCK_CLOEXEC, 0));  // of both families
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) == 0;
}

bool takes_connections(uint16_t port) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
}

}  // namespace

uint16_t free_port() {
  // Below net.ipv4.ip_local_port_range. Other tests look for some at the same time.
  static std::mt19937 random{std::random_device()()};
  std::uniform_int_distribution<uint16_t> ports(10'000, 32'000);
  for (int tries = 0; tries < 1000; tries++)
    if (const uint16_t port = ports(random);
        is_free(port, SOCK_STREAM) && is_free(port, SOCK_DGRAM))
      return port;
  throw std::runtime_error("no free port");
}

Child::Child(const std::vector<std::string>& command, const std::string& log)
    : name_(command.at(0)), log_(log) {
  if (::access(name_.c_str(), X_OK) < 0)
    throw std::runtime_error(name_ + " is not installed; debian/control names the packages");
  std::vector<char*> argv;
  for (const std::string& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const UniqueFd output(::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ != 0) return;
  ::dup2(output.get(), STDOUT_FILENO);
  ::dup2(output.get(), STDERR_FILENO);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() == parent) ::execv(argv[0], argv.data());
  ::_exit(127);
}

void Child::pause() {
  ::kill(pid_, SIGSTOP);
  int status = 0;
  ::waitpid(pid_, &status, WUNTRACED);
}

void Child::resume() {
  signal(SIGCONT);
}

void Child::signal(int number) {
  ::kill(pid_, number);
}

void Child::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string Child::output() const {
  std::ostringstream text;
  text << std::ifstream(log_).rdbuf();
  return text.str();
}

bool Child::running() const {
  siginfo_t info = {};
  return ::waitid(P_PID, id_t(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

void Child::wait_until(const std::function<bool()>& ready) const {
  for (const auto end = std::chrono::steady_clock::now() + 20s;
       running() && std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(5ms))
    if (ready()) return;
  throw std::runtime_error(name_ + " did not get so far; it wrote:\n" + output());
}

void Child::wait_for_output(const std::string& text) const {
  wait_until([&] { return output().find(text) != std::string::npos; });
}

void Child::wait_for_port(uint16_t port) const {
  wait_until([&] { return takes_connections(port); });
}

void run_program(const std::string& shell_command) {
  if (std::system(shell_command.c_str()) != 0) throw std::runtime_error("failed: " + shell_command);
}

}  // namespace sluice::health
