// SPDX-License-Identifier: Apache-2.0
// One line for each packet of a simulation, for people or as JSON.
#pragma once

#include <cstdint>

#include "model/config.h"
#include "simulate/simulator.h"

namespace sluice::cli {

// {"index":0,"verdict":"tx","reason":null,...}: one object, in one line.
void print_json_line(uint64_t index, const Fate& fate);

// Lines in columns that fit every name of the configuration; so the first packet is printed before
// the last one is read.
class FateLines {
 public:
  explicit FateLines(const Config& config);
  void print_heading() const;
  void print(uint64_t index, const Fate& fate) const;

 private:
  size_t reason_, service_, backend_, interface_;  // widths
};

}  // namespace sluice::cli
