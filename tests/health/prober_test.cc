// SPDX-License-Identifier: Apache-2.0
#include "health/prober.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <thread>

#include "health/fixture.h"
#include "health/outbox.h"

namespace sluice::health {
namespace {

struct ProberTest : testing::Test {
  ProberTest() : listening(SOCK_STREAM, "127.0.0.1") {
    EXPECT_EQ(listen(listening.fd.get(), 1000), 0);
    prober = Prober::start(loop, [this](std::vector<Finished> finished) {
               EXPECT_EQ(std::this_thread::get_id(), main_thread);
               EXPECT_FALSE(finished.empty());
               batches++;
               for (const Finished& f : finished) outcomes[f.target].push_back(f);
             }).value();
  }
  std::vector<Work> works(uint64_t count, milliseconds every) {
    std::vector<Work> out;
    for (uint64_t i = 0; i < count; i++) {
      Work w = {.target = i, .check = check(TcpCheck{}, every), .way = listening.way};
      w.check.every = every;
      out.push_back(w);
    }
    return out;
  }
  void run_for(milliseconds time) {
    Result<EventLoop::Source> end = loop.after(time, [this] { loop.stop(); });
    EXPECT_TRUE(end && loop.run());
  }

  const std::thread::id main_thread = std::this_thread::get_id();
  BoundSocket listening;
  EventLoop loop = EventLoop::create().value();
  size_t batches = 0;
  std::map<uint64_t, std::vector<Finished>> outcomes;
  std::unique_ptr<Prober> prober;
};

TEST_F(ProberTest, AsksEachTargetAsOftenAsItShall) {
  prober->set(works(200, milliseconds(100)));
  run_for(milliseconds(2000));
  ASSERT_EQ(outcomes.size(), 200u);
  size_t all = 0;
  for (const auto& [target, finished] : outcomes) {
    EXPECT_LE(finished.size(), 22u) << target;
    all += finished.size();
    for (const Finished& f : finished)
      EXPECT_EQ(int(f.outcome.answer), int(Answer::kGood)) << f.outcome.text;
  }
  EXPECT_LT(batches, all / 2) << "the main thread is woken for each";
  uint64_t started = 0;
  for (uint64_t n : prober->statistics().started) started += n;
  EXPECT_NEAR(double(started), double(all), 200);
  EXPECT_NEAR(double(all + prober->statistics().left_out), 200 * 20, 400);
}

TEST_F(ProberTest, KeepsTheRoundsWhileTheMainThreadStandsStill) {
  prober->set(works(10, milliseconds(100)));
  usleep(1000000);
  run_for(milliseconds(50));
  size_t all = 0;
  for (const auto& [target, finished] : outcomes) all += finished.size();
  EXPECT_NEAR(double(all + prober->statistics().left_out), 10 * 10, 20);
}

TEST_F(ProberTest, TheLastSetHolds) {
  for (uint64_t i = 0; i < 1000; i++) prober->set(works(i % 20, milliseconds(100)));
  prober->set(works(3, milliseconds(100)));
  Result<EventLoop::Source> settled = loop.after(milliseconds(500), [this] { outcomes.clear(); });
  run_for(milliseconds(1500));
  EXPECT_EQ(outcomes.size(), 3u);
  for (const auto& [target, finished] : outcomes) EXPECT_LT(target, 3u);
}

TEST_F(ProberTest, EndsAtOnceWithProbesUnderWay) {
  std::vector<Work> work = works(50, milliseconds(100000));
  for (Work& w : work) w.check.probe = TcpCheck{.send = "", .expect = "what never comes"};
  work[0].check.probe = ExecCheck{.command = {"/bin/sleep", "1000"}};
  prober->set(work);
  usleep(1200000);
  const Time began = std::chrono::steady_clock::now();
  prober.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(1000));
  run_for(milliseconds(10));
  EXPECT_TRUE(outcomes.empty());
}

TEST_F(ProberTest, MayHaveAllDescriptorsThatThereAre) {
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = 100;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EventLoop other = EventLoop::create().value();
  const Result<std::unique_ptr<Prober>> second =
      Prober::start(other, [](const std::vector<Finished>&) {});
  ASSERT_TRUE(second);
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, limit.rlim_max);
  limit.rlim_cur = before;
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST(Outbox, LosesTheOldestAndCountsThem) {
  Outbox outbox(Bell::create().value(), 5);
  const auto readable = [&] {
    pollfd p = {.fd = outbox.fd(), .events = POLLIN, .revents = 0};
    return poll(&p, 1, 0) == 1;
  };
  EXPECT_FALSE(readable());
  for (uint64_t i = 0; i < 4; i++) outbox.put({{.target = 2 * i}, {.target = 2 * i + 1}});
  EXPECT_TRUE(readable());
  EXPECT_EQ(outbox.lost(), 3u);
  const std::vector<Finished> taken = outbox.take();
  ASSERT_EQ(taken.size(), 5u);
  for (uint64_t i = 0; i < 5; i++) EXPECT_EQ(taken[i].target, 3 + i);
  EXPECT_FALSE(readable());
  EXPECT_TRUE(outbox.take().empty());
  outbox.put({{.target = 1}});
  EXPECT_TRUE(readable());
}

}  // namespace
}  // namespace sluice::health
