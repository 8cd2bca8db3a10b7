// SPDX-License-Identifier: Apache-2.0
#include "netns/process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

namespace sluice::netns {
namespace {

// Everything the child needs, made before fork(2): other threads may hold any lock by then.
struct Launch {
  std::vector<char*> argv, environment;
  std::vector<std::string> strings;  // what `environment` adds
  int host = -1, output = -1;
  pid_t parent = -1;
};

Launch prepare(const Command& command, const std::string& notify_path) {
  Launch launch;
  for (const std::string& arg : command.argv)
    launch.argv.push_back(const_cast<char*>(arg.c_str()));  // execve(2) does not write to it
  launch.argv.push_back(nullptr);
  for (char** e = environ; *e; e++)
    if (!std::string_view(*e).starts_with("NOTIFY_SOCKET=")) launch.environment.push_back(*e);
  if (command.notifies) launch.strings.push_back("NOTIFY_SOCKET=" + notify_path);
  for (std::string& s : launch.strings) launch.environment.push_back(s.data());
  launch.environment.push_back(nullptr);
  launch.parent = getpid();
  return launch;
}

// System calls only: see Launch.
[[noreturn]] void become(const Launch& launch) {
  dup2(launch.output, STDOUT_FILENO);
  dup2(launch.output, STDERR_FILENO);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launch.parent) _exit(127);  // it died before we could ask
  setsid();                                    // a Ctrl-C is for the lab
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (setns(launch.host, CLONE_NEWNET) == 0)
    execve(launch.argv[0], launch.argv.data(), launch.environment.data());
  const char* why = strerrordesc_np(errno);
  const char* const line[] = {launch.argv[0], ": cannot be run: ", why ? why : "?", "\n"};
  for (const char* text : line) (void)!write(STDERR_FILENO, text, strlen(text));
  _exit(127);
}

Result<UniqueFd> notify_socket(const std::string& path) {
  UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof(address.sun_path)) return Error{"too long for a socket: " + path};
  path.copy(address.sun_path, path.size());
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) < 0)
    return errno_error("bind " + path);
  return fd;
}

bool says_ready(std::string_view datagram) {
  return datagram.starts_with("READY=1") || datagram.find("\nREADY=1") != datagram.npos;
}

// Collects the end of a child; nothing when it still runs.
std::optional<int> reap(pid_t pid, int flags) {
  int status = 0;
  pid_t r;
  do {
    r = waitpid(pid, &status, flags);
  } while (r < 0 && errno == EINTR);
  if (r != pid) return std::nullopt;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Result<Process> Process::start(const Host& host, const Command& command) {
  static std::atomic<unsigned> serial = 0;
  Process process;
  process.name_ = std::filesystem::path(command.argv.at(0)).filename();
  const std::string base = host.lab().directory() + "/" + host.name() + "-" + process.name_ + "-" +
                           std::to_string(++serial);
  process.log_ = base + ".log";
  const UniqueFd output(
      open(process.log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!output.valid()) return errno_error("make " + process.log_);
  if (command.notifies) {
    Result<UniqueFd> notify = notify_socket(base + ".ready");
    if (!notify) return notify.error();
    process.notify_ = std::move(*notify);
  }
  Launch launch = prepare(command, base + ".ready");
  launch.host = host.fd();
  launch.output = output.get();
  process.pid_ = fork();
  if (process.pid_ < 0) return errno_error("fork for " + process.name_);
  if (process.pid_ == 0) become(launch);
  process.pidfd_ = UniqueFd(int(syscall(SYS_pidfd_open, process.pid_, 0)));
  if (!process.pidfd_.valid()) return errno_error("open a pidfd of " + process.name_);
  if (command.notifies)
    if (Result<void> r = process.wait_ready(command.patience); !r) return r.error();
  return process;
}

Process::Process(Process&& other) noexcept
    : name_(std::move(other.name_)),
      log_(std::move(other.log_)),
      pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      notify_(std::move(other.notify_)) {
}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(log_, other.log_);
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(notify_, other.notify_);
  return *this;
}

Process::~Process() {
  if (pid_ > 0) (void)stop(milliseconds(1000));
}

bool Process::running() const {
  siginfo_t info = {};
  return pid_ > 0 && waitid(P_PID, pid_, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

Result<void> Process::signal(int signo) const {
  if (pid_ <= 0 || ::kill(pid_, signo) < 0) return Error{"signal " + name_ + ": it has ended"};
  return {};
}

Result<void> Process::wait_ready(milliseconds patience) {
  const Clock::time_point deadline = Clock::now() + patience;
  for (;;) {
    Result<int> which = wait_readable(notify_.get(), pidfd_.get(), deadline);
    if (!which) return failure(which.error().message + " before it was ready");
    if (*which == 1) return failure("ended before it was ready");
    if (*which < 0)
      return failure("was not ready within " + std::to_string(patience.count()) + " ms");
    char datagram[4096];
    const ssize_t size = recv(notify_.get(), datagram, sizeof(datagram), 0);
    if (size > 0 && says_ready({datagram, size_t(size)})) return {};
  }
}

Result<Exit> Process::wait(milliseconds patience) {
  if (pid_ <= 0) return Error{"wait for " + name_ + ": its end was collected before"};
  Result<int> which = wait_readable(pidfd_.get(), -1, Clock::now() + patience);
  if (!which) return which.error();
  if (*which < 0) return failure("still runs after " + std::to_string(patience.count()) + " ms");
  const std::optional<int> status = reap(std::exchange(pid_, -1), 0);
  return Exit{.status = status.value_or(127), .output = output()};
}

Result<Exit> Process::stop(milliseconds patience) {
  (void)signal(SIGTERM);
  // Not wait(): an interrupted lab must still give its programs the time to end.
  const Clock::time_point deadline = Clock::now() + patience;
  while (pid_ > 0 && Clock::now() < deadline) {
    if (const std::optional<int> status = reap(pid_, WNOHANG)) {
      pid_ = -1;
      return Exit{.status = *status, .output = output()};
    }
    usleep(1000);
  }
  const Error late =
      failure("did not end within " + std::to_string(patience.count()) + " ms of SIGTERM");
  (void)kill();
  return late;
}

Result<Exit> Process::kill() {
  if (Result<void> r = signal(SIGKILL); !r) return r.error();
  const std::optional<int> status = reap(std::exchange(pid_, -1), 0);
  return Exit{.status = status.value_or(127), .output = output()};
}

std::string Process::output() const {
  std::ostringstream text;
  text << std::ifstream(log_).rdbuf();
  return text.str();
}

Error Process::failure(const std::string& what) const {
  return Error{name_ + " " + what + "; it wrote:\n" + output()};
}

Result<Exit> run_program(const Host& host, const std::vector<std::string>& argv,
                         milliseconds patience) {
  Result<Process> process = Process::start(host, {.argv = argv});
  if (!process) return process.error();
  return process->wait(patience);
}

}  // namespace sluice::netns
