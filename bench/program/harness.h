// SPDX-License-Identifier: Apache-2.0
// Runs a program some hundred thousand times on packets that are made anew each time, and says what
// that cost.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/result.h"
#include "program/meter.h"
#include "program/order.h"
#include "program/packet.h"

namespace sluice::bench {

struct Run {
  Reading per_packet;
  std::array<uint64_t, BENCH_ACTIONS> actions;  // how often each XDP action was the answer
  std::vector<uint8_t> frame;                   // what was made for the next packet
  uint32_t next_flow;                           // whose it has to be
};

// A program to run.
struct Subject {
  int fd;
  uint32_t growth;  // what it puts in front of each packet, in bytes
};

class Harness {
 public:
  // For packets with these headers. `meter` must live as long.
  static Result<std::unique_ptr<Harness>> create(const bench_headers& headers, Meter& meter);
  virtual ~Harness() = default;

  // Goes on where the last run ended, as far as flows are concerned. With another `multiplier` the
  // same flows come in another order.
  virtual Result<Run> run(const Subject& subject, const Order& order, uint64_t multiplier,
                          uint32_t repeats) = 0;
};

// A test run of `program_fd` itself on `frame`, without the wrapper.
Result<Reading> run_bare(int program_fd, const std::vector<uint8_t>& frame, uint32_t repeats,
                         Meter& meter);

}  // namespace sluice::bench
