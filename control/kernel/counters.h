// SPDX-License-Identifier: Apache-2.0
// Reads what the data plane counted.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "abi/sluice_abi.h"
#include "base/result.h"

namespace sluice {

class Dataplane;

struct Counters {
  std::array<uint64_t, SLUICE_DROP_REASON_COUNT> drops = {};
  std::array<uint64_t, SLUICE_PASS_REASON_COUNT> passes = {};
  std::array<uint64_t, SLUICE_REPLY_REASON_COUNT> replies = {};
  std::vector<sluice_counter> members;  // by member index, sums over the CPUs
};

// `members` is how many member indices to read, from 0.
Result<Counters> read_counters(const Dataplane& dataplane, uint32_t members);

// The name in a metric ("FRAGMENT") and the sentence for a person.
struct ReasonText {
  const char* name;
  const char* text;
};
extern const std::array<ReasonText, SLUICE_DROP_REASON_COUNT> kDropTexts;
extern const std::array<ReasonText, SLUICE_PASS_REASON_COUNT> kPassTexts;
extern const std::array<ReasonText, SLUICE_REPLY_REASON_COUNT> kReplyTexts;

}  // namespace sluice
