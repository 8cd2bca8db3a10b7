// SPDX-License-Identifier: Apache-2.0
// How far a long job is: one line on a terminal, rewritten now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace sluice::cli {

class Progress {
 public:
  // Silent unless somebody watches standard error and standard output goes elsewhere.
  Progress();
  // Silent unless `wanted`.
  explicit Progress(bool wanted);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` packets; `share` of all, 0 to 1, where it is known. Cheap to call for each.
  void at(uint64_t done, std::optional<double> share);
  // The same of anything else. `line` is shown as it is.
  void say(const std::string& line);
  // Takes the line away, so that something else can be said.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool is_due();
  void show(const std::string& line);
  bool wanted_, shown_ = false;
  Clock::time_point next_;
};

}  // namespace sluice::cli
