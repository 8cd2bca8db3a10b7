// SPDX-License-Identifier: Apache-2.0
// How far a long job is: one line on a terminal, rewritten now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice::cli {

class Progress {
 public:
  // Silent unless somebody watches standard error and standard output goes elsewhere.
  Progress();
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` packets; `share` of all, 0 to 1, where it is known. Cheap to call for each.
  void at(uint64_t done, std::optional<double> share);
  // Takes the line away, so that something else can be said.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool wanted_, shown_ = false;
  Clock::time_point next_;
};

}  // namespace sluice::cli
