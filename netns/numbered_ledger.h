// SPDX-License-Identifier: Apache-2.0
// What became of every numbered packet: the sink's records, read while they are written.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "netns/numbered_sender.h"
#include "netns/numbered_sink.h"
#include "netns/wait.h"

namespace sluice::netns {

// Marks that belong together, as those of one configuration do.
using MarkGroups = std::map<unsigned, unsigned>;  // mark -> group

// From this number on packets arrive by ways of another group.
struct Cut {
  uint64_t number = 0;
  unsigned from = 0, to = 0;  // groups
};

struct NumberedReport {
  uint64_t sent = 0;
  uint64_t lost = 0;
  uint64_t duplicated = 0;  // arrived more than once
  uint64_t strays = 0;      // arrived by a way nobody has named
  uint64_t moved = 0;       // arrived by another way than their flow did before in the same group
  std::vector<Cut> cuts;
  std::vector<uint64_t> first_lost;  // a few of them
  bool overrun = false;              // more than the sink can tell apart: none of this holds

  std::string text() const;  // in one line
};

// A number is settled when it was sent kSettled ago: what has not arrived by then never will.
class NumberedLedger {
 public:
  static constexpr milliseconds kSettled{300};

  // Settles numbers in the background. Both must outlive it.
  NumberedLedger(const NumberedSender& sender, NumberedSink& sink, MarkGroups groups);
  NumberedLedger(const NumberedLedger&) = delete;
  NumberedLedger& operator=(const NumberedLedger&) = delete;
  ~NumberedLedger();

  // Once the sender has stopped: settles all there is, and looks for what came late.
  NumberedReport close();
  uint64_t settled() const { return settled_; }

 private:
  void run();
  void settle(uint64_t end);
  void enter(uint64_t number, const Arrival& arrival);
  void follow(uint64_t number, unsigned mark);

  const NumberedSender& sender_;
  NumberedSink& sink_;
  const MarkGroups groups_;
  NumberedReport report_;
  unsigned group_ = 0;                              // of the last packet that had one
  std::map<unsigned, std::vector<uint8_t>> marks_;  // by group: of each flow
  std::atomic<uint64_t> settled_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::netns
