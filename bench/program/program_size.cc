// SPDX-License-Identifier: Apache-2.0
#include "program/program_size.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

namespace sluice::bench {

Result<ProgramSize> size_of_program(int program_fd) {
  bpf_prog_info info = {};
  uint32_t size = sizeof(info);
  if (int r = bpf_obj_get_info_by_fd(program_fd, &info, &size); r != 0)
    return errno_error("ask the kernel about a program", r);
  return ProgramSize{.verified = info.verified_insns, .jit_bytes = info.jited_prog_len};
}

}  // namespace sluice::bench
