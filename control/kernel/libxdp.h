// SPDX-License-Identifier: Apache-2.0
// libxdp's objects with owners, its words where they belong, and what it forgets to close closed.
#pragma once

#include <xdp/libxdp.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "kernel/descriptor_guard.h"
#include "kernel/load_log.h"

namespace sluice::libxdp {

struct Close {
  void operator()(xdp_program* p) const noexcept { xdp_program__close(p); }
  void operator()(xdp_multiprog* p) const noexcept { xdp_multiprog__close(p); }
};
using ProgramPtr = std::unique_ptr<xdp_program, Close>;
using MultiprogPtr = std::unique_ptr<xdp_multiprog, Close>;

// Whatever libxdp returned that may be an error.
template <class T>
Result<std::unique_ptr<T, Close>> own(T* made, const std::string& doing) {
  if (const long e = libxdp_get_error(made); e != 0) return errno_error(doing, int(e));
  if (!made) return Error{doing + ": there is none"};
  return std::unique_ptr<T, Close>(made);
}

Result<ProgramPtr> program_of(int fd);

// Around every use of libxdp; to be made before, and to end after, whatever of its objects is used.
// What it and libbpf say meanwhile is collected. libxdp 1.3.1 forgets to close the programs and
// maps that it looks at, some ten descriptors for each program that is exchanged. One thread.
class Session {
 public:
  Session();
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // A copy of the descriptor, which outlives this.
  Result<UniqueFd> keep(int fd);

  // What may tell an operator why it failed, in a line: `: ` and the verifier's last sentence, or
  // else libxdp's; empty if nothing was said.
  std::string why() const;

 private:
  DescriptorGuard descriptors_;
  LoadLog log_;
  libxdp_print_fn_t previous_;
};

}  // namespace sluice::libxdp
