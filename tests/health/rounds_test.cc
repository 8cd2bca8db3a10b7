// SPDX-License-Identifier: Apache-2.0
#include "health/rounds.h"

#include <sys/socket.h>

#include <map>

#include "health/fixture.h"

namespace sluice::health {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

const TcpCheck kSilent = {.send = "", .expect = "what never comes"};

struct RoundsTest : testing::Test {
  RoundsTest() : listening(SOCK_STREAM, "127.0.0.1") {
    EXPECT_EQ(listen(listening.fd.get(), 1000), 0);
    make(1000);
  }
  void make(size_t descriptors) {
    rounds = std::make_unique<Rounds>(asker.probers(), descriptors, [this](Finished finished) {
      outcomes[finished.target].push_back(std::move(finished));
    });
  }
  Work work(uint64_t target, milliseconds every, const decltype(Check::probe)& probe = TcpCheck{}) {
    Work w = {.target = target, .check = check(probe, every), .way = listening.way};
    w.check.every = every;
    return w;
  }
  size_t heard() const {
    size_t all = 0;
    for (const auto& [target, finished] : outcomes) all += finished.size();
    return all;
  }
  // Calls `f` so long after the loop has begun.
  void after(milliseconds time, EventLoop::Callback f) {
    sources.push_back(asker.loop().after(time, std::move(f)).value());
  }

  BoundSocket listening;
  Asker asker;
  std::map<uint64_t, std::vector<Finished>> outcomes;
  std::unique_ptr<Rounds> rounds;
  std::vector<EventLoop::Source> sources;
};

TEST_F(RoundsTest, EachTargetIsAskedInItsRounds) {
  std::vector<Work> all;
  for (uint64_t i = 0; i < 50; i++) all.push_back(work(i, milliseconds(100)));
  for (uint64_t i = 50; i < 60; i++) all.push_back(work(i, milliseconds(400)));
  rounds->set(all);
  asker.run_for(milliseconds(2000));
  ASSERT_EQ(outcomes.size(), 60u);
  EXPECT_NEAR(double(heard() + rounds->statistics().left_out), 50 * 20 + 10 * 5, 100);
  for (const auto& [target, finished] : outcomes) {
    EXPECT_LE(finished.size(), target < 50 ? 22u : 7u) << target;
    for (const Finished& f : finished) {
      EXPECT_EQ(int(f.outcome.answer), int(Answer::kGood)) << f.outcome.text;
      EXPECT_LE(f.started, f.ended);
    }
  }
}

TEST_F(RoundsTest, NobodyWaitsForOneThatHangs) {
  std::vector<Work> all;
  for (uint64_t i = 0; i < 20; i++)
    all.push_back(work(i, milliseconds(200), i % 2 ? decltype(Check::probe)(kSilent) : TcpCheck{}));
  rounds->set(all);
  asker.run_for(milliseconds(2000));
  EXPECT_NEAR(double(heard() + rounds->statistics().left_out), 20 * 10, 30);
  EXPECT_EQ(int(outcomes[1][0].outcome.answer), int(Answer::kBad));
}

// The time that a probe has is as long as the period here, and jitter would bring every other round
// before its end.
TEST_F(RoundsTest, RoundsOfATargetThatHangsDoNotDrift) {
  std::vector<Work> all;
  for (uint64_t i = 0; i < 20; i++) all.push_back(work(i, milliseconds(200), kSilent));
  rounds->set(all);
  asker.run_for(milliseconds(6000));
  for (const auto& [target, finished] : outcomes) {
    // Not each is where it should be, on a busy host, but the best of the last ten.
    ASSERT_GE(finished.size(), 20u);
    std::chrono::nanoseconds best = milliseconds(200);
    for (size_t i = finished.size() - 10; i < finished.size(); i++) {
      EXPECT_GE(finished[i].ended - finished[i].started, milliseconds(180));
      const Rhythm rhythm = {.target = target, .every = milliseconds(200)};
      const int64_t number = (finished[i].started - round_of(rhythm, 0)) / milliseconds(200);
      for (int64_t near = number - 1; near <= number + 1; near++)
        best = std::min(best, std::chrono::abs(finished[i].started - round_of(rhythm, near)));
    }
    EXPECT_LT(best, milliseconds(10)) << target;
  }
}

TEST_F(RoundsTest, ATargetIsAskedOnceAtATime) {
  rounds->set({work(1, milliseconds(100), kSilent)});
  size_t most = 0;
  for (int i = 1; i < 1000; i++)
    after(milliseconds(i), [&] { most = std::max(most, rounds->statistics().under_way); });
  asker.run_for(milliseconds(1050));
  EXPECT_EQ(most, 1u);
  const std::vector<Finished>& finished = outcomes[1];
  EXPECT_GE(finished.size(), 4u);
  for (size_t i = 1; i < finished.size(); i++)
    EXPECT_LE(finished[i - 1].ended - finished[i].started, milliseconds(1));
}

TEST_F(RoundsTest, AnotherWayChangesNoRound) {
  Work w = work(1, milliseconds(500));
  rounds->set({w});
  for (int ms = 50; ms < 3000; ms += 50)
    after(milliseconds(ms), [this, w, ms]() mutable {
      w.way.mark = uint32_t(ms);
      rounds->set({w});
    });
  asker.run_for(milliseconds(3000));
  EXPECT_NEAR(double(heard() + rounds->statistics().left_out), 6, 1);
}

TEST_F(RoundsTest, AProbeUnderWayOutlastsAnotherWay) {
  Work w = work(1, milliseconds(400), kSilent);
  rounds->set({w});
  for (int ms = 30; ms < 1200; ms += 30)
    after(milliseconds(ms), [this, w, ms]() mutable {
      w.way.mark = uint32_t(ms);
      rounds->set({w});
    });
  asker.run_for(milliseconds(1600));
  EXPECT_GE(outcomes[1].size(), 2u);
}

TEST_F(RoundsTest, OfATargetThatIsGoneOrAskedAnotherThingNothingOldIsHeard) {
  rounds->set({work(1, milliseconds(500), kSilent), work(2, milliseconds(500), kSilent)});
  bool both = false;
  for (int ms = 1; ms < 500; ms++)
    after(milliseconds(ms), [this, &both] {
      if (both || rounds->statistics().under_way < 2) return;
      both = true;
      rounds->set({work(2, milliseconds(500))});
      EXPECT_EQ(rounds->statistics().under_way, 0u);
    });
  asker.run_for(milliseconds(2000));
  EXPECT_TRUE(both);
  EXPECT_TRUE(outcomes[1].empty());
  EXPECT_GE(outcomes[2].size(), 1u);
  for (const Finished& f : outcomes[2])
    EXPECT_EQ(int(f.outcome.answer), int(Answer::kGood)) << f.outcome.text;
}

TEST_F(RoundsTest, ProbesForWhichThereIsNoDescriptorAreUnknown) {
  make(3);
  std::vector<Work> all;
  for (uint64_t i = 0; i < 10; i++) all.push_back(work(i, milliseconds(300), kSilent));
  rounds->set(all);
  asker.run_for(milliseconds(1500));
  size_t bad = 0, unknown = 0;
  for (const auto& [target, finished] : outcomes)
    for (const Finished& f : finished) {
      bad += f.outcome.answer == Answer::kBad;
      unknown += f.outcome.answer == Answer::kUnknown;
      if (f.outcome.answer == Answer::kUnknown) {
        EXPECT_EQ(f.outcome.text.find("3 probes are under way, and no descriptor is left"), 0u);
      }
    }
  EXPECT_GE(bad, 6u);
  EXPECT_GE(unknown, 20u);
  EXPECT_EQ(rounds->statistics().unknown, unknown);
}

TEST_F(RoundsTest, ExecTakesTwoDescriptors) {
  make(3);
  const ExecCheck hangs = {.command = {"/bin/sleep", "1000"}};
  rounds->set({work(1, milliseconds(300), hangs), work(2, milliseconds(300), hangs)});
  size_t most = 0;
  for (int i = 1; i < 900; i += 5)
    after(milliseconds(i), [&] { most = std::max(most, rounds->statistics().under_way); });
  asker.run_for(milliseconds(1000));
  EXPECT_EQ(most, 1u);
}

TEST_F(RoundsTest, StatisticsSayHowLateProbesAre) {
  std::vector<Work> all;
  for (uint64_t i = 0; i < 100; i++) all.push_back(work(i, milliseconds(400)));
  rounds->set(all);
  after(milliseconds(1000), [] { usleep(150000); });  // patience is 100 ms
  asker.run_for(milliseconds(2000));
  const ProberStatistics s = rounds->statistics();
  uint64_t started = 0, finished = 0;
  for (uint64_t n : s.started) started += n;
  for (const auto& [target, f] : outcomes) finished += f.size();
  EXPECT_EQ(started, finished + s.under_way);
  EXPECT_GE(s.most_late, milliseconds(50));
  EXPECT_GE(s.started[2] + s.started[3], 10u);  // by 10 to 100 ms, mostly
  EXPECT_GT(s.left_out, 0u);
}

// In the place of a round it would put off the next one: here each takes all of its period.
TEST_F(RoundsTest, AskingOnceMorePutsNoRoundOff) {
  rounds->set({work(1, milliseconds(200), kSilent)});
  for (const int ms : {300, 310, 700}) after(milliseconds(ms), [this] { rounds->ask_now(1); });
  after(milliseconds(900), [this] { rounds->ask_now(2); });  // is nobody
  asker.run_for(milliseconds(2000));
  size_t once_more = 0;
  for (const Finished& f : outcomes[1]) once_more += f.once_more;
  EXPECT_EQ(once_more, 3u) << "two of them one after the other";
  EXPECT_GE(outcomes[1].size() - once_more + rounds->statistics().left_out, 8u);
  EXPECT_FALSE(outcomes.contains(2));
}

TEST_F(RoundsTest, OneThatIsAskedOnceMoreEndsWithItsTarget) {
  rounds->set({work(1, milliseconds(500), kSilent)});
  after(milliseconds(100), [this] { rounds->ask_now(1); });
  after(milliseconds(110), [this] { rounds->ask_now(1); });
  after(milliseconds(200), [this] { rounds->set({}); });
  asker.run_for(milliseconds(1500));
  EXPECT_TRUE(outcomes[1].empty());
  EXPECT_EQ(rounds->statistics().under_way, 0u);
}

}  // namespace
}  // namespace sluice::health
