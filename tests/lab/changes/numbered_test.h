// SPDX-License-Identifier: Apache-2.0
// The fixture of the tests that change sluice under a stream of numbered packets.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lab/changes/holdings.h"
#include "lab/product_test.h"
#include "netns/generations.h"
#include "netns/numbered_ledger.h"
#include "netns/numbered_sender.h"
#include "netns/numbered_sink.h"

namespace sluice::netns {

// Is this the long run (SLUICE_SOAK is set)?
bool soaking();

class NumberedTest : public ProductTest {
 protected:
  TopologyOptions topology_options() const override { return {.backends = kGenerationBackends}; }

  // Deploys generation A, finds out what the lab carries, and begins to send as much as that
  // allows.
  // Skips where the interface is to be shared and cannot be.
  void begin(const std::string& mode = "native", bool share = false);
  void write(const Shown& next);
  // Makes the file say `next`; returns when that is in force.
  void change_to(const Shown& next);
  // `change` is to take the packets to generation `next` at one of them, or to leave them alone if
  // it is in force already.
  void expect_cut(Generation next, const std::function<void()>& change);
  // Ends the stream. Every packet must have arrived, once, by a way of the generation that was in
  // force. Prints a line of figures; `what` has happened `count` times.
  void end(const std::string& what, size_t count);
  // Does the lab carry so little that the machine must be an emulated one? After begin().
  bool emulated() const;
  Holdings holdings();  // of the daemon
  Holdings holdings_at_rest();

  Shown shown_;  // in force

 private:
  // Between these numbers packets go over to another generation.
  struct Turn {
    uint64_t after, before;
    Generation to;
  };
  std::unique_ptr<NumberedSender> send(unsigned per_second);
  void measure_the_lab();
  uint64_t dropped_by_links();
  void expect_clean_cuts(const std::vector<Cut>& cuts);

  Attachment attachment_;
  MarkGroups groups_;
  std::unique_ptr<NumberedSink> sink_;
  std::unique_ptr<NumberedSender> sender_;
  std::unique_ptr<NumberedLedger> ledger_;
  double lab_rate_ = 0;
  Clock::time_point began_;
  std::vector<Turn> turns_;
};

}  // namespace sluice::netns
