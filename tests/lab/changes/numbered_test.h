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
#include "netns/numbered_ledger.h"
#include "netns/numbered_sender.h"
#include "netns/numbered_sink.h"

namespace sluice::netns {

// Two configurations that have no backend, no tunnel and no outer address family in common. As
// numbers they are the ledger's groups.
enum class Generation : unsigned { kA = 1, kB = 2 };

constexpr Generation other(Generation g) {
  return g == Generation::kA ? Generation::kB : Generation::kA;
}

// What the configuration file says.
struct Shown {
  Generation generation = Generation::kA;
  bool range = false;  // a service on a range of ports as well, for which another program is needed
};

// Is this the long run (SLUICE_SOAK is set)?
bool soaking();

class NumberedTest : public ProductTest {
 protected:
  TopologyOptions topology_options() const override { return {.backends = 12}; }

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
  std::string config_of(const Shown& shown);
  void mark_ways();
  std::unique_ptr<NumberedSender> send(unsigned per_second);
  void measure_the_lab();
  uint64_t dropped_by_links();
  void expect_clean_cuts(const std::vector<Cut>& cuts);

  std::string mode_;
  bool share_ = false;
  MarkGroups groups_;
  std::unique_ptr<NumberedSink> sink_;
  std::unique_ptr<NumberedSender> sender_;
  std::unique_ptr<NumberedLedger> ledger_;
  double lab_rate_ = 0;
  Clock::time_point began_;
  std::vector<Turn> turns_;
};

}  // namespace sluice::netns
