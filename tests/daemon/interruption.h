// SPDX-License-Identifier: Apache-2.0
// Work that is killed, or refused by the kernel, at one of its system calls: the method of
// `strace -e inject`, in the process.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"

namespace sluice::test {

// Whether calls can be refused here; killed before they can be everywhere.
#if defined(__x86_64__)
inline constexpr bool kCanRefuse = true;
#else
inline constexpr bool kCanRefuse = false;
#endif

struct Interruption {
  // Which call, counted from 0, of those that change something outside of the process, or are
  // about it: bpf, rename, mkdir, unlink, rmdir and fsync in all their forms.
  size_t call = 0;
  // What the call fails with, instead of being made; none: SIGKILL comes before it is made.
  std::optional<int> error;
};

struct Ending {
  bool interrupted = false;  // false: the work ended before it got there
  std::string at;            // the name of the call
  int status = 0;            // what `work` returned, where it was not killed
};

// In a child process, whose memory is a copy: of what `work` does, only what it does to the kernel
// is left.
Result<Ending> run_interrupted(const std::function<int()>& work, const Interruption& interruption);

}  // namespace sluice::test
