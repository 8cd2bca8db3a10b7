// SPDX-License-Identifier: Apache-2.0
// The frames of a file, sent as they are; what was recorded of a run is checked like a run.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "loadgen/pcap_file.h"
#include "loadgen/stamp.h"

namespace sluice::loadgen {

// Gives a stamped frame another time, and mends the checksum that has it. Returns the stamp with
// it; one without a stamp of that magic is left alone.
std::optional<Stamp> restamp(std::span<uint8_t> frame, uint32_t magic, uint32_t time);

class Replay {
 public:
  // Reads all of it once, to know what is in it: any file of a recorded run, or of anything else,
  // whose frames come back as foreign.
  static Result<Replay> open(const std::string& path);

  uint32_t magic() const { return magic_; }  // 0: no frame has a stamp
  uint64_t flows() const { return sent_.size(); }
  // Writes the next frame that is no longer than kMostSize, and returns its size; 0 at the end.
  // `stamp` is set to its stamp, if it has one.
  size_t next(uint8_t* to, uint32_t time, std::optional<Stamp>& stamp);

  const std::vector<uint32_t>& sent() const { return sent_; }
  uint64_t flood_sent() const { return flood_sent_; }

 private:
  explicit Replay(PcapReader reader) : reader_(std::move(reader)) {}

  PcapReader reader_;
  uint32_t magic_ = 0;
  std::vector<uint32_t> sent_;
  uint64_t flood_sent_ = 0;
};

}  // namespace sluice::loadgen
