// SPDX-License-Identifier: Apache-2.0
#include "support/rig.h"

#include "kernel/test_run.h"

namespace sluice::test {

Result<Run> run_xdp(int program_fd, const Bytes& frame, uint32_t ingress) {
  // 6.1 takes 32 bytes of metadata, newer kernels 252.
  Result<TestOutcome> run =
      test_run(program_fd, Hook::kXdp, frame, {.ingress = ingress, .metadata = 128});
  if (!run) run = test_run(program_fd, Hook::kXdp, frame, {.ingress = ingress, .metadata = 32});
  if (!run) return run.error();
  return Run{.action = run->action, .packet = std::move(run->frame)};
}

}  // namespace sluice::test
