// SPDX-License-Identifier: Apache-2.0
// Runs a frame through a loaded XDP program by BPF_PROG_TEST_RUN.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "support/packet_builder.h"

namespace sluice::test {

struct Run {
  uint32_t action;  // XDP_*
  Bytes packet;     // what the program left
};

// `ingress` is the interface index the program sees. The bytes in front of the frame are 0xff, so
// that a header field nobody wrote shows.
Result<Run> run_xdp(int program_fd, const Bytes& frame, uint32_t ingress = 1);

}  // namespace sluice::test
