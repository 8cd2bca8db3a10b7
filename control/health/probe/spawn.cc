// SPDX-License-Identifier: Apache-2.0
#include "health/probe/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace sluice::health {

namespace {

// posix_spawn()'s two objects, which have to be released.
class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

// Returns an errno value. They fail for want of memory alone.
int describe(SpawnSettings& settings, int output) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawn_file_actions_t* const actions = &settings.actions;
  if (int e = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0))
    return e;
  if (int e = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO)) return e;
  if (int e = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0))
    return e;
  // Whoever has opened one without CLOEXEC, a library perhaps.
  if (int e = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1)) return e;
  posix_spawnattr_t* const attributes = &settings.attributes;
  if (int e = posix_spawnattr_setsigmask(attributes, &none)) return e;
  if (int e = posix_spawnattr_setsigdefault(attributes, &all)) return e;
  if (int e = posix_spawnattr_setpgroup(attributes, 0)) return e;
  return posix_spawnattr_setflags(
      attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const std::string& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<Program> spawn(const std::vector<std::string>& command,
                      const std::vector<std::string>& environment) {
  const std::string doing = "start " + command.front();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return errno_error(doing + ": make a pipe");
  Program child;
  child.output = UniqueFd(ends[0]);
  const UniqueFd write_end(ends[1]);
  // Of our end alone: programs do not expect to be told to try again.
  if (fcntl(child.output.get(), F_SETFL, O_NONBLOCK) < 0) return errno_error(doing);
  SpawnSettings settings;
  int error = describe(settings, write_end.get());
  if (error == 0)
    error =
        posix_spawn(&child.pid, command.front().c_str(), &settings.actions, &settings.attributes,
                    pointers(command).data(), pointers(environment).data());
  if (error != 0) return errno_error(doing, -error);
  // glibc 2.36 declares its pidfd_open() for C alone.
  child.pidfd = UniqueFd(int(syscall(SYS_pidfd_open, child.pid, 0)));
  if (!child.pidfd.valid()) {
    const Error failed = errno_error(doing + ": pidfd_open");
    kill_group(child);
    waitpid(child.pid, nullptr, 0);  // it has only just begun, and ends at once
    return failed;
  }
  return child;
}

void kill_group(const Program& child) {
  kill(-child.pid, SIGKILL);
}

}  // namespace sluice::health
