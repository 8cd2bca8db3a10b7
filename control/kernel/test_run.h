// SPDX-License-Identifier: Apache-2.0
// Runs one frame through a loaded program, which need not be attached (BPF_PROG_TEST_RUN).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "kernel/hook.h"

namespace sluice {

// Loopback is there in every network namespace, and always under this index: the one interface a
// test run may name without asking what machine it is on.
inline constexpr uint32_t kTestIngress = 1;

struct TestConditions {
  uint32_t ingress = kTestIngress;  // the interface the frame comes in by
  // XDP: bytes of metadata, all 0xff, in front of the frame. The program finds them where it makes
  // room, so that a header field nobody wrote shows.
  uint32_t metadata = 0;
  // tc: the packet's mark.
  uint32_t mark = 0;
};

struct TestOutcome {
  uint32_t action = 0;         // XDP_* or TC_ACT_*
  std::vector<uint8_t> frame;  // what the program left
  uint32_t mark = 0;           // tc: the same of the mark
  // The kernel could not lay the frame out in one piece (beyond about 3.5 kB, with pages of 4 kB):
  // it refused, or showed the program only the beginning. No driver does that to a program like
  // ours, so what else stands here means nothing.
  bool too_large = false;
};

// `frame` has at least an Ethernet header, or the kernel refuses.
Result<TestOutcome> test_run(int program_fd, Hook hook, std::span<const uint8_t> frame,
                             const TestConditions& conditions = {});

// `out` as it would be on the wire, if it is the packet a tc program sends for `in` and keeps the
// VLAN tags of. The outermost tag is then beside the data of a struct sk_buff, where no test run
// shows it. (Tags come in within the data here: none can be put beside it beforehand.)
std::vector<uint8_t> with_tag_aside(std::span<const uint8_t> in, std::vector<uint8_t> out);

}  // namespace sluice
