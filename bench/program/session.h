// SPDX-License-Identifier: Apache-2.0
// Measures scenarios, one after the other, on one CPU.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "program/controls.h"
#include "program/harness.h"
#include "program/meter.h"
#include "program/program_size.h"
#include "program/quiet_gate.h"
#include "program/scenario.h"

namespace sluice::bench {

struct Settings {
  int samples = 9;
  int attempts = 12;               // at a sample, until it was quiet
  uint32_t repeats = 262'144;      // packets in a sample
  uint32_t calibration = 200'000;  // and in a reading of the calibrator
};

// Of one packet, net of the wrapper and of a program that only transmits.
struct Figures {
  double instructions = 0, cycles = 0;  // 0 without hardware counters
  double ns = 0;
  double iqr_cycles = 0, iqr_ns = 0;
  bool noisy = false;
  uint64_t unexpected = 0;  // packets that were answered otherwise than they should be
};

// A scenario that is loaded, and does what it says.
struct Prepared {
  const Scenario* scenario;
  std::unique_ptr<World> world;  // null for the controls
  std::unique_ptr<Harness> harness;
  Subject subject;
  ProgramSize size;
};

class Session {
 public:
  static Result<std::unique_ptr<Session>> open(const Settings& settings);

  // Empty if there are hardware counters; else why not.
  const std::string& why_no_hardware() const { return meter_.why_not(); }
  bool has_hardware() const { return meter_.has_hardware(); }

  Result<Prepared> prepare(const Scenario& scenario);
  // Calls `progress` with the number of samples that are done.
  Result<Figures> measure(Prepared& prepared, const Order& order,
                          const std::function<void(int)>& progress);

 private:
  Session(const Settings& settings, Controls controls);
  Result<double> calibrate();
  Result<void> begin(Prepared& prepared, const Order& order);
  Result<uint64_t> fill(Prepared& prepared, const Order& order);

  Settings settings_;
  Meter meter_;
  Controls controls_;
  QuietGate gate_;
};

}  // namespace sluice::bench
