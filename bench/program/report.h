// SPDX-License-Identifier: Apache-2.0
// What was measured, for people and for programs. It judges nothing.
#pragma once

#include <string>
#include <vector>

#include "program/session.h"

namespace sluice::bench {

struct Measured {
  const Scenario* scenario;
  Order order;
  Figures figures;
};

struct Sized {
  const Scenario* scenario;
  ProgramSize size;
};

// One JSON object each, without the line's end. What needs hardware counters is null without them.
std::string to_json(const Measured& measured, bool has_hardware);
std::string to_json(const Sized& sized);

// Tables of both. Ratios are to encap-only with one flow, where that is among them.
std::string to_tables(const std::vector<Measured>& measured, const std::vector<Sized>& sized,
                      bool has_hardware, bool color);

}  // namespace sluice::bench
