// SPDX-License-Identifier: Apache-2.0
#include "base/event_loop.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <optional>

namespace sluice {
namespace {

using std::chrono::milliseconds;

TEST(EventLoop, CallsForDescriptorsTimersAndSignals) {
  EventLoop loop = EventLoop::create().value();
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  std::string order;
  auto readable = loop.on_readable(pipe_fds[0], [&] {
    char c;
    ASSERT_EQ(read(pipe_fds[0], &c, 1), 1);
    order += c;
    ASSERT_EQ(raise(SIGUSR1), 0);
  });
  auto signal = loop.on_signal(SIGUSR1, [&] {
    order += 's';
    loop.stop();
  });
  auto timer = loop.after(milliseconds(1), [&] {
    order += 't';
    ASSERT_EQ(write(pipe_fds[1], "r", 1), 1);
  });
  ASSERT_TRUE(readable && signal && timer);
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(order, "trs");
  close(pipe_fds[0]);
  close(pipe_fds[1]);
}

TEST(EventLoop, ADestroyedSourceIsNotCalled) {
  EventLoop loop = EventLoop::create().value();
  bool called = false;
  {
    auto timer = loop.after(milliseconds(0), [&] { called = true; });
    ASSERT_TRUE(timer);
  }
  auto stop = loop.after(milliseconds(5), [&] { loop.stop(); });
  ASSERT_TRUE(loop.run());
  EXPECT_FALSE(called);
}

TEST(EventLoop, ACallbackMayDestroyItsOwnSource) {
  EventLoop loop = EventLoop::create().value();
  std::optional<EventLoop::Source> source;
  const auto held = std::make_shared<int>(7);
  auto timer = loop.after(milliseconds(0), [&, held] {
    source.reset();
    EXPECT_EQ(*held, 7) << "the callback's own captures are gone";
    loop.stop();
  });
  ASSERT_TRUE(timer);
  source = std::move(*timer);
  ASSERT_TRUE(loop.run());
}

}  // namespace
}  // namespace sluice
