// SPDX-License-Identifier: Apache-2.0
// The sending half of a run.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "loadgen/generator.h"
#include "loadgen/interval.h"
#include "loadgen/options.h"
#include "loadgen/pace.h"
#include "loadgen/pcap_file.h"
#include "loadgen/replay.h"
#include "loadgen/wire.h"

namespace sluice::loadgen {

using Source = std::variant<Generator, Replay>;

const std::vector<uint32_t>& sent_by(const Source& source);
uint64_t flood_by(const Source& source);

class Sender {
 public:
  // All must outlive it. `start` is the beginning of the run, in nanoseconds of the steady clock.
  Sender(const Options& options, Wire& wire, Source& source, PcapWriter* record, uint64_t start);

  // One burst, if something is due at `now`. Returns how long nothing will be, in nanoseconds.
  uint64_t step(uint64_t now);
  bool done(uint64_t now) const;

  // Counted by the second.
  Seconds& seconds() { return seconds_; }
  uint64_t last() const { return last_; }  // when the last frame was sent
  uint64_t unstamped() const { return unstamped_; }
  uint64_t not_taken() const { return not_taken_; }

 private:
  Filled fill(uint8_t* to, uint64_t now);

  const Options& options_;
  Wire& wire_;
  Source& source_;
  PcapWriter* record_;
  const uint64_t start_;
  Pace pace_;
  Seconds seconds_;
  uint64_t last_, unstamped_ = 0, not_taken_ = 0;
  bool at_end_ = false;  // of what is replayed
};

}  // namespace sluice::loadgen
