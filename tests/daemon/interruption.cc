// SPDX-License-Identifier: Apache-2.0
#include "daemon/interruption.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

namespace sluice::test {

namespace {

const std::map<uint64_t, std::string> kCalls = {
    {SYS_bpf, "bpf"},           {SYS_fsync, "fsync"},     {SYS_renameat2, "renameat2"},
    {SYS_renameat, "renameat"}, {SYS_mkdirat, "mkdirat"}, {SYS_unlinkat, "unlinkat"},
#ifdef SYS_rename
    {SYS_rename, "rename"},     {SYS_mkdir, "mkdir"},     {SYS_unlink, "unlink"},
    {SYS_rmdir, "rmdir"},
#endif
};

constexpr int kSystemCall = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD

// The call is made as one that there is not, and returns `error`: how, the registers of a machine
// say.
#if defined(__x86_64__)
void skip_call(pid_t child) {
  user_regs_struct r;
  ::ptrace(PTRACE_GETREGS, child, nullptr, &r);
  r.orig_rax = ~0ull;
  ::ptrace(PTRACE_SETREGS, child, nullptr, &r);
}
void set_error(pid_t child, int error) {
  user_regs_struct r;
  ::ptrace(PTRACE_GETREGS, child, nullptr, &r);
  r.rax = uint64_t(-int64_t(error));
  ::ptrace(PTRACE_SETREGS, child, nullptr, &r);
}
#else
void skip_call(pid_t) {
}
void set_error(pid_t, int) {
}
#endif

// Goes on to the child's next entry into, or return from, a system call. False at its end.
bool next_stop(pid_t child, int& status) {
  int signal = 0;
  for (;;) {
    if (::ptrace(PTRACE_SYSCALL, child, nullptr, signal) != 0) return false;
    if (::waitpid(child, &status, 0) != child) return false;
    if (WIFEXITED(status) || WIFSIGNALED(status)) return false;
    if (WSTOPSIG(status) == kSystemCall) return true;
    signal = WSTOPSIG(status);
  }
}

// The name of the call that is being entered; empty on a return, and for others.
std::string entered(pid_t child) {
  __ptrace_syscall_info info = {};
  ::ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info);
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return "";
  const auto it = kCalls.find(info.entry.nr);
  return it == kCalls.end() ? "" : it->second;
}

pid_t start(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  ::raise(SIGSTOP);
  ::_exit(work());
}

}  // namespace

Result<Ending> run_interrupted(const std::function<int()>& work, const Interruption& interruption) {
  const pid_t child = start(work);
  if (child < 0) return errno_error("fork");
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
    return errno_error("wait for a child to stop");
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  Ending out;
  size_t calls = 0;
  while (next_stop(child, status)) {
    const std::string name = entered(child);
    if (name.empty() || calls++ != interruption.call) continue;
    out.interrupted = true;
    out.at = name;
    if (!interruption.error) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      break;
    }
    skip_call(child);
    if (!next_stop(child, status)) break;
    set_error(child, *interruption.error);
  }
  if (WIFEXITED(status))
    out.status = WEXITSTATUS(status);
  else if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
    return Error{"the child ended by signal " + std::to_string(WTERMSIG(status))};
  return out;
}

}  // namespace sluice::test
