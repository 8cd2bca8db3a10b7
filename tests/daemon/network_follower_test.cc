// SPDX-License-Identifier: Apache-2.0
// How often changes of the network are followed. Nothing is asked of times but their relation.
#include "daemon/network_follower.h"

#include <gtest/gtest.h>

#include <thread>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Follower : public testing::Test {
 protected:
  void SetUp() override {
    Result<EventLoop> loop = EventLoop::create();
    ASSERT_TRUE(loop) << loop.error().message;
    loop_.emplace(std::move(*loop));
  }
  // Calls `f` each time after a millisecond, until the loop stops.
  void repeat(const std::function<void()>& f) {
    Result<EventLoop::Source> timer = loop_->after(milliseconds(1), [this, f] {
      f();
      repeat(f);
    });
    ASSERT_TRUE(timer) << timer.error().message;
    timer_ = std::move(*timer);
  }
  std::optional<EventLoop> loop_;
  EventLoop::Source timer_;
};

TEST_F(Follower, ABurstIsFollowedOnce) {
  int followed = 0;
  NetworkFollower follower(*loop_, [&]() -> Result<void> {
    followed++;
    loop_->stop();
    return {};
  });
  for (int i = 0; i < 1000; i++) follower.changed();
  EXPECT_EQ(followed, 0);
  ASSERT_TRUE(loop_->run());
  EXPECT_EQ(followed, 1);
}

TEST_F(Follower, AStormWithoutEndTakesAFifthOfTheTime) {
  constexpr int kTimes = 6;
  steady_clock::duration following{0};
  int followed = 0;
  NetworkFollower follower(*loop_, [&]() -> Result<void> {
    if (++followed > kTimes) {
      loop_->stop();
      return {};
    }
    const auto begin = steady_clock::now();
    std::this_thread::sleep_for(milliseconds(30));
    following += steady_clock::now() - begin;
    return {};
  });
  repeat([&] { follower.changed(); });
  const auto begin = steady_clock::now();
  ASSERT_TRUE(loop_->run());
  EXPECT_GE(steady_clock::now() - begin, 5 * following);
}

TEST_F(Follower, WhatFailedIsTriedAgain) {
  int followed = 0;
  NetworkFollower follower(*loop_, [&]() -> Result<void> {
    if (++followed < 3) return Error{"not now"};
    loop_->stop();
    return {};
  });
  follower.follow();
  ASSERT_TRUE(loop_->run());
  EXPECT_EQ(followed, 3);
}

// An event is news, and does not wait for the time of the next attempt.
TEST_F(Follower, AChangeIsFollowedBeforeTheNextAttempt) {
  int followed = 0;
  NetworkFollower follower(*loop_, [&]() -> Result<void> {
    followed++;
    if (followed == 1) return Error{"not now"};
    loop_->stop();
    return {};
  });
  const auto begin = steady_clock::now();
  follower.follow();
  follower.changed();
  ASSERT_TRUE(loop_->run());
  EXPECT_LT(steady_clock::now() - begin, milliseconds(400)) << "the next attempt is 500 ms later";
}

}  // namespace
}  // namespace sluice
