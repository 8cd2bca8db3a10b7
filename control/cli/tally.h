// SPDX-License-Identifier: Apache-2.0
// Counts the fates of a simulation, for the summary at its end.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "simulate/simulator.h"

namespace sluice::cli {

class Tally {
 public:
  void add(const Fate& fate);

  uint64_t skipped() const { return skipped_; }
  // Tables: packets by verdict and reason, and forwarded packets by backend.
  std::string fates(bool color) const;
  std::string backends(bool color) const;

 private:
  struct Count {
    uint64_t packets = 0;
    std::string meaning;
  };
  uint64_t packets_ = 0, skipped_ = 0;
  std::map<std::pair<Verdict, std::string>, Count> fates_;
  std::map<std::string, std::map<std::string, uint64_t>> backends_;  // service -> backend
};

}  // namespace sluice::cli
