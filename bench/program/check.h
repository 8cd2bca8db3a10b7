// SPDX-License-Identifier: Apache-2.0
// Does a scenario do what it says, before anybody believes what it costs?
#pragma once

#include "base/result.h"
#include "program/harness.h"
#include "program/scenario.h"

namespace sluice::bench {

// Runs the first packet through `program_fd`; an error says what is wrong with what came out.
Result<void> check_first_packet(const Scenario& scenario, int program_fd);

// Whether `out` is what should become of `in`.
Result<void> check_frame(const Outcome& expected, const std::vector<uint8_t>& in,
                         const std::vector<uint8_t>& out);

// Runs a few packets in the wrapper: each must be answered as expected, and the next packet must be
// made as it should be.
Result<void> check_wrapper(const Scenario& scenario, Harness& harness, const Subject& subject);

}  // namespace sluice::bench
