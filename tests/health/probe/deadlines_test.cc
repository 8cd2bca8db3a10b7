// SPDX-License-Identifier: Apache-2.0
#include "health/probe/deadlines.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::health {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct DeadlinesTest : testing::Test {
  EventLoop loop = EventLoop::create().value();
  std::unique_ptr<Deadlines> deadlines = Deadlines::create(loop).value();
  std::string order;

  Deadlines::Entry in(int ms, char name) {
    return deadlines->at(steady_clock::now() + milliseconds(ms), [this, name] {
      order += name;
      if (name == '.') loop.stop();
    });
  }
};

TEST_F(DeadlinesTest, ComeInOrderAndNotBeforeTheirTime) {
  const Time began = steady_clock::now();
  const Deadlines::Entry c = in(30, 'c'), a = in(10, 'a'), d = in(40, '.'), b = in(20, 'b');
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(order, "abc.");
  EXPECT_GE(steady_clock::now() - began, milliseconds(40));
}

TEST_F(DeadlinesTest, OneThatIsTakenAwayDoesNotCome) {
  const Deadlines::Entry end = in(30, '.');
  Deadlines::Entry gone = in(10, 'x'), replaced = in(15, 'y');
  gone = {};
  replaced = in(20, 'z');
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(order, "z.");
}

TEST_F(DeadlinesTest, OneMayTakeItselfAndOthersAway) {
  const Deadlines::Entry end = in(30, '.');
  Deadlines::Entry self, other = in(20, 'x');
  const std::shared_ptr<int> held = std::make_shared<int>(7);
  self = deadlines->at(steady_clock::now() + milliseconds(10), [&, held] {
    self = {};
    other = {};
    EXPECT_EQ(*held, 7) << "the callback's own captures are gone";
  });
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(order, ".");
}

TEST_F(DeadlinesTest, WhatIsDueLongSinceComesAtOnce) {
  const Deadlines::Entry late = deadlines->at(Time(), [this] { order += 'l'; });
  const Deadlines::Entry end = in(5, '.');
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(order, "l.");
}

// A probe that is begun, and fails at once, must not keep sockets from their turn.
TEST_F(DeadlinesTest, WhatABornDeadlineAddsComesInAnotherTurn) {
  Deadlines::Entry next;
  int turns = 0;
  Deadlines::Callback again = [&] {
    if (++turns < 1000) next = deadlines->at(steady_clock::now(), again);
  };
  next = deadlines->at(steady_clock::now(), again);
  const Deadlines::Entry end = in(20, '.');
  ASSERT_TRUE(loop.run());
  EXPECT_GT(turns, 1);
  EXPECT_LT(turns, 50) << "more than one in a millisecond";
}

}  // namespace
}  // namespace sluice::health
