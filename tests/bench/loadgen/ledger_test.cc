// SPDX-License-Identifier: Apache-2.0
// What is said of a flow's packets, against what an unlimited memory would say.
#include "loadgen/ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "loadgen/histogram.h"
#include "loadgen/interval.h"
#include "loadgen/pace.h"
#include "loadgen/random.h"
#include "loadgen/stamp.h"

namespace sluice::loadgen {
namespace {

TEST(Note, TellsWhatCameBeforeAndWhatDidNot) {
  uint32_t next = 0;
  std::vector<uint64_t> bits(1);
  EXPECT_EQ(note(next, bits, 0), Arrival::kInOrder);
  EXPECT_EQ(note(next, bits, 2), Arrival::kInOrder);
  EXPECT_EQ(note(next, bits, 1), Arrival::kReordered);
  EXPECT_EQ(note(next, bits, 1), Arrival::kDuplicate);
  EXPECT_EQ(note(next, bits, 2), Arrival::kDuplicate);
  EXPECT_EQ(next, 3u);
}

TEST(Note, BehindItsMemoryItSaysThatItDoesNotKnow) {
  uint32_t next = 0;
  std::vector<uint64_t> bits(1);
  EXPECT_EQ(note(next, bits, 64), Arrival::kInOrder);
  EXPECT_EQ(note(next, bits, 0), Arrival::kUndecided);
  EXPECT_EQ(note(next, bits, 1), Arrival::kReordered);
  EXPECT_EQ(note(next, bits, 1000), Arrival::kInOrder);
  EXPECT_EQ(note(next, bits, 64), Arrival::kUndecided);
  EXPECT_EQ(note(next, bits, 999), Arrival::kReordered);
}

TEST(Note, AgreesWithAMemoryOfEverything) {
  Random random(7);
  for (const size_t words : {1, 4, 16}) {
    const uint32_t size = uint32_t(words * 64);
    uint32_t next = 0, most = 0, sent = 0;
    std::vector<uint64_t> bits(words);
    std::set<uint32_t> seen;
    for (int i = 0; i < 100'000; i++) {
      sent += random.below(100) == 0 ? random.below(3 * size) : random.below(3);
      const uint32_t back = random.below(4) == 0 ? random.below(size + 10) : 0;
      const uint32_t sequence = sent > back ? sent - back : 0;
      const Arrival expected = seen.empty() || sequence >= most ? Arrival::kInOrder
                               : most - sequence > size         ? Arrival::kUndecided
                               : seen.contains(sequence)        ? Arrival::kDuplicate
                                                                : Arrival::kReordered;
      ASSERT_EQ(note(next, bits, sequence), expected) << sequence;
      seen.insert(sequence);
      most = std::max(most, sequence + 1);
    }
  }
}

TEST(Ledger, CountsDifferentPacketsOfAFlow) {
  Ledger ledger(2);
  for (const uint32_t sequence : {0, 1, 3, 3, 2}) ledger.arrive(1, sequence);
  EXPECT_EQ(ledger.arrived(1), 4u);
  EXPECT_EQ(ledger.arrived(0), 0u);
  EXPECT_EQ(ledger.arrive(kFlood, 5), Arrival::kInOrder);
  EXPECT_EQ(ledger.arrive(kFlood, 5), Arrival::kDuplicate);
}

TEST(Ledger, AFlowAtASecondBackendIsMisrouted) {
  Ledger ledger(2);
  EXPECT_EQ(ledger.route(0, 4), Route::kKept);
  EXPECT_EQ(ledger.route(0, 4), Route::kKept);
  EXPECT_EQ(ledger.route(0, 5), Route::kMisrouted);
  EXPECT_EQ(ledger.route(0, 5), Route::kMisrouted);
  EXPECT_EQ(ledger.route(0, 4), Route::kKept);
  EXPECT_EQ(ledger.route(1, 5), Route::kKept);
  EXPECT_EQ(ledger.misrouted_flows(), 1u);
  EXPECT_EQ(ledger.flows_of_backends(6), (std::vector<uint64_t>{0, 0, 0, 0, 1, 1}));
}

TEST(Ledger, AnAnnouncedChangeMayMoveAFlowOnce) {
  Ledger ledger(2);
  ledger.route(0, 0);
  ledger.announce_change();
  EXPECT_EQ(ledger.route(0, 0), Route::kKept);
  EXPECT_EQ(ledger.route(0, 1), Route::kMoved);
  EXPECT_EQ(ledger.route(0, 0), Route::kMisrouted);
  EXPECT_EQ(ledger.route(0, 1), Route::kKept);
  // It begins after the change: there is nothing it could move for.
  EXPECT_EQ(ledger.route(1, 0), Route::kKept);
  EXPECT_EQ(ledger.route(1, 1), Route::kMisrouted);
}

TEST(LoadHistogram, PercentilesAreWithinOnePercent) {
  Random random(3);
  std::vector<uint32_t> values;
  Histogram histogram, other;
  for (int i = 0; i < 100'000; i++) {
    values.push_back(uint32_t(random.next() >> (32 + random.below(30))));
    (i % 2 ? histogram : other).add(values.back());
  }
  histogram += other;
  std::ranges::sort(values);
  EXPECT_EQ(histogram.count(), values.size());
  EXPECT_EQ(histogram.most(), values.back());
  for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const uint32_t exact = values[size_t(std::ceil(share * double(values.size()))) - 1];
    EXPECT_GE(histogram.percentile(share), exact);
    EXPECT_LE(histogram.percentile(share), exact * 1.01);
  }
}

TEST(LoadHistogram, TakesAnyValue) {
  Histogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), 0u);
  for (const uint32_t value : {0u, 255u, 256u, UINT32_MAX}) histogram.add(value);
  EXPECT_EQ(histogram.percentile(0.25), 0u);
  EXPECT_EQ(histogram.percentile(0.5), 255u);
  EXPECT_EQ(histogram.percentile(1), UINT32_MAX);
}

TEST(Interval, WhatDidNotArriveIsLost) {
  Interval i;
  i.sent = 100;
  i.received = 97;
  i.duplicated = 3;
  EXPECT_EQ(i.lost(), 6u);
  i.undecided = 1;
  EXPECT_EQ(i.lost(), 7u);
}

TEST(Seconds, AreHandedOverInTheirOrder) {
  Seconds seconds;
  seconds.of(2).sent = 5;
  std::vector<Interval> taken = seconds.take_until(2);
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[1].second, 1u);
  EXPECT_EQ(taken[1].sent, 0u);
  // Too late for the second it belongs to.
  seconds.of(0).sent++;
  taken = seconds.take_rest();
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].second, 2u);
  EXPECT_EQ(taken[0].sent, 6u);
}

TEST(Pace, IsTheRateThatWasAskedFor) {
  Pace pace(100'000);
  uint64_t sent = 0;
  for (uint64_t now = 0; now < kSecond; now += 7'000) {
    const unsigned due = pace.due(now, 32);
    pace.sent(due);
    sent += due;
    EXPECT_LE(pace.wait(now), 10'000u);
  }
  EXPECT_NEAR(double(sent), 100'000, 2);
}

TEST(Pace, DoesNotMakeUpForALongPause) {
  Pace pace(100'000);
  pace.sent(pace.due(0, 32));
  uint64_t sent = 0;
  // A second later, all that may be sent at once.
  for (unsigned due = 0; (due = pace.due(kSecond, 32)) != 0; sent += due) pace.sent(due);
  EXPECT_LE(sent, 1001u);
  EXPECT_GE(sent, 999u);
}

TEST(Pace, HasNoEndWithoutARate) {
  Pace pace(0);
  pace.sent(pace.due(5, 32));
  EXPECT_EQ(pace.due(5, 32), 32u);
  EXPECT_EQ(pace.wait(5), 0u);
}

}  // namespace
}  // namespace sluice::loadgen
