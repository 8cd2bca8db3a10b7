// SPDX-License-Identifier: Apache-2.0
// The program that puts health probes into the tunnels of the members they are for, at tc egress of
// the probes' device. It is for this process alone: nothing of it is pinned.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "abi/probe_abi.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "kernel/counters.h"
#include "kernel/tc_filter.h"

namespace sluice {

// Packets, by enum sluice_probe_fate.
using ProbeFates = std::array<uint64_t, SLUICE_PROBE_FATE_COUNT>;
extern const std::array<ReasonText, SLUICE_PROBE_FATE_COUNT> kProbeFateTexts;

class ProbeProgram {
 public:
  // Loads it on a data plane's table `members`. Attached to nothing yet.
  static Result<ProbeProgram> load(int members_fd);

  // Attaches it to egress of the device, which is to be done before that is up: what the program
  // does not send, nobody shall. It stays there until this object or the device goes.
  Result<void> attach(const TcPlace& device, std::optional<TcKind> wanted = std::nullopt);
  // False when somebody has taken it away, and probes go nowhere.
  bool attached() const { return filter_ && filter_->alive(); }
  // Goes on with the table of another data plane. Each packet meets one of the two, whole.
  Result<void> use(int members_fd);
  // Counted since load(), whatever table was used.
  Result<ProbeFates> fates() const;
  int program_fd() const { return program_.get(); }

 private:
  ProbeProgram(UniqueFd program, UniqueFd fates)
      : program_(std::move(program)), fates_(std::move(fates)) {}
  // With the counters of `fates_fd`, or, where that is -1, with new ones.
  static Result<ProbeProgram> load(int members_fd, int fates_fd);

  UniqueFd program_, fates_;
  std::optional<TcFilter> filter_;
};

}  // namespace sluice
