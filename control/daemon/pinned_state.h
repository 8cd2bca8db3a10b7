// SPDX-License-Identifier: Apache-2.0
// The saved state of a data plane among its pins, by the generation it is of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel/table_pins.h"

namespace sluice {

class PinnedState {
 public:
  // Saves nothing: of a data plane that nobody can go on with.
  PinnedState() = default;
  explicit PinnedState(const std::string& directory) : pins_(directory) {}

  // Is there a place to save to?
  bool is_kept() const { return !pins_.directory().empty(); }
  // To be in force with the generation: before that is, and in the place of one that was saved for
  // it. What was saved last is not written again.
  Result<void> save(uint64_t generation, std::vector<uint8_t> bytes);
  // Its generation will not be, or is no more.
  void remove(uint64_t generation);
  // The directory has another name now.
  void moved(const std::string& directory) { pins_ = TablePins(directory); }

 private:
  TablePins pins_;
  uint64_t generation_ = 0;  // saved last
  std::vector<uint8_t> bytes_;
};

}  // namespace sluice
