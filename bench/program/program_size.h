// SPDX-License-Identifier: Apache-2.0
// What a program cost the verifier, and how large it is as machine code.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace sluice::bench {

struct ProgramSize {
  uint32_t verified;   // instructions the verifier visited
  uint32_t jit_bytes;  // of machine code, all functions
};

Result<ProgramSize> size_of_program(int program_fd);

}  // namespace sluice::bench
