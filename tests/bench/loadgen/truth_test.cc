// SPDX-License-Identifier: Apache-2.0
// What is done to packets between its ports is what bench-loadgen reports, exactly.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <map>
#include <utility>

#include "bench/loadgen/load_test.h"
#include "bench/loadgen/meddler.h"
#include "netns/link.h"
#include "netns/wait.h"
#include "support/temporary_folder.h"

namespace sluice::loadgen {
namespace {

using netns::Host;
using netns::Link;
using netns::milliseconds;
using testing::HasSubstr;

constexpr unsigned kTxLink = 1, kRxLink = 2;
constexpr unsigned kFlows = 50;
const std::string kEverything = "syn,established=5,fin,icmp,udp=3,fragments=2,quic=3,echo";

struct Way {
  std::string driver;
  const char* threads;
};

void PrintTo(const Way& way, std::ostream* out) {
  *out << way.driver << ", threads: " << way.threads;
}

// Two cables, and the meddler at their other ends; by each driver of DPDK's that needs no card.
class LoadTruth : public LoadTest, public testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    LoadTest::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    LAB_ASSERT_OK_AND(middle_, Host::create(*lab_, "middle"));
    connect("tx0", "in0", kTxLink, tx_);
    connect("rx0", "out0", kRxLink, rx_);
  }
  void connect(const char* near, const char* far, unsigned number, std::unique_ptr<Link>& link) {
    LAB_ASSERT_OK_AND(
        link,
        Link::connect({.host = generator_.get(), .device = near, .addresses = {}},
                      {.host = middle_.get(), .device = far, .addresses = {}}, {.number = number}));
  }
  void meddle(Meddler::OnWay on_way) {
    LAB_ASSERT_OK_AND(meddler_, Meddler::start(*middle_, "in0", "out0", std::move(on_way)));
  }
  std::vector<std::string> arguments(const std::string& mix, const std::string& seconds = "1s") {
    return {"--tx",      GetParam().driver + ":tx0",
            "--rx",      GetParam().driver + ":rx0",
            "--to",      Link::mac(kTxLink, 2).to_string(),
            "--mix",     mix,
            "--flows",   std::to_string(kFlows),
            "--rate",    "5k",
            "--for",     seconds,
            "--threads", GetParam().threads};
  }
  void deliver() {
    meddle([](const Stamp&, const Bytes& frame) { return std::vector<Bytes>{delivered(frame)}; });
  }

  std::unique_ptr<Host> middle_;
  std::unique_ptr<Link> tx_, rx_;
  std::unique_ptr<Meddler> meddler_;
};

void expect_nothing_wrong(const Printed& p) {
  for (const char* key : {"lost", "duplicated", "reordered", "misrouted", "moved", "corrupt",
                          "undecided", "lossy_flows", "misrouted_flows", "not_sent"})
    EXPECT_EQ(p.count(key), 0u) << key;
  EXPECT_EQ(p.count("sent"), p.count("received"));
}

TEST_P(LoadTruth, NothingIsWrongWhereNothingIsDone) {
  ASSERT_NO_FATAL_FAILURE(deliver());
  std::vector<std::string> a = arguments(kEverything, "3s");
  a.insert(a.end(), {"--flood", "10%", "--new-flows", "50/s", "--order", "zipf:1.1"});
  const Printed p = run(a);
  ASSERT_FALSE(p.total.empty());
  expect_nothing_wrong(p);
  // A machine that is busy otherwise sends fewer.
  EXPECT_LE(p.count("sent"), 15'100u);
  EXPECT_GT(p.count("sent"), 5'000u);
  // Of turns: some of them send two.
  EXPECT_NEAR(double(p.count("flood")), 0.087 * double(p.count("sent")), 100);
  EXPECT_EQ(p.total.at("backends").size(), 3u);
  EXPECT_EQ(p.count("sent"), meddler_->seen());
  EXPECT_GT(p.total.at("latency_ns").at("p50"), 0);
  // The seconds are all of it.
  ASSERT_GE(p.seconds.size(), 3u);
  uint64_t sent = 0, received = 0;
  for (const nlohmann::json& second : p.seconds) {
    sent += second.at("sent").get<uint64_t>();
    received += second.at("received").get<uint64_t>();
  }
  EXPECT_EQ(sent, p.count("sent"));
  EXPECT_EQ(received, p.count("received"));
}

TEST_P(LoadTruth, EachThingThatIsDoneIsReportedExactly) {
  constexpr unsigned kLost = 7, kTwice = 5, kElsewhere = 3, kOvertaken = 4, kDamaged = 2;
  std::map<uint32_t, Bytes> held;
  ASSERT_NO_FATAL_FAILURE(meddle([&](const Stamp& s, const Bytes& frame) -> std::vector<Bytes> {
    std::vector<Bytes> out = {delivered(frame)};
    const auto is_chosen = [&](uint32_t first, uint32_t n, uint32_t sequence) {
      return s.flow >= first && s.flow < first + n && s.sequence == sequence;
    };
    if (is_chosen(0, kLost, 10)) return {};
    if (is_chosen(10, kTwice, 20)) out.push_back(out[0]);
    if (is_chosen(20, kElsewhere, 30)) return {encapsulated(frame, 7)};
    if (is_chosen(30, kOvertaken, 40)) std::swap(held[s.flow], out[0]), out.clear();
    if (is_chosen(30, kOvertaken, 41)) out.push_back(held[s.flow]);
    if (is_chosen(40, kDamaged, 50)) out[0][out[0].size() - sizeof(Stamp) - 1] ^= 1;
    return out;
  }));
  const Printed p = run(arguments(kEverything));
  ASSERT_FALSE(p.total.empty());
  EXPECT_EQ(p.count("lost"), kLost + kDamaged);
  EXPECT_EQ(p.count("lossy_flows"), kLost + kDamaged);
  EXPECT_EQ(p.count("duplicated"), kTwice);
  EXPECT_EQ(p.count("misrouted"), kElsewhere);
  EXPECT_EQ(p.count("misrouted_flows"), kElsewhere);
  EXPECT_EQ(p.count("reordered"), kOvertaken);
  EXPECT_EQ(p.count("corrupt"), kDamaged);
  EXPECT_EQ(p.count("received"), p.count("sent") - kLost - kDamaged + kTwice);
  EXPECT_EQ(p.count("sent"), meddler_->seen());
  uint64_t elsewhere = 0;
  for (const nlohmann::json& b : p.total.at("backends"))
    if (b.at("address") == backend_address(7)) elsewhere = b.at("packets");
  EXPECT_EQ(elsewhere, kElsewhere);
}

TEST_P(LoadTruth, AFlowThatMovesIsMisroutedUnlessAChangeWasAnnounced) {
  for (const bool announced : {true, false}) {
    SCOPED_TRACE(announced);
    std::atomic<bool> moved = false;
    meddler_.reset();
    ASSERT_NO_FATAL_FAILURE(meddle([&](const Stamp& s, const Bytes& frame) -> std::vector<Bytes> {
      return {encapsulated(frame, moved ? s.flow % 2 : 2 + s.flow % 2)};
    }));
    ASSERT_NO_FATAL_FAILURE(start(arguments("udp", "2s")));
    LAB_ASSERT_OK(netns::wait_until([&] { return meddler_->seen() > 2000; }, milliseconds(10'000),
                                    "packets of every flow"));
    if (announced) {
      LAB_ASSERT_OK(process_.at(0).signal(SIGUSR1));
      LAB_ASSERT_OK(netns::pause_for(milliseconds(200)));
    }
    moved = true;
    const Printed p = finish();
    ASSERT_FALSE(p.total.empty());
    EXPECT_EQ(p.count("lost"), 0u);
    EXPECT_EQ(p.count("moved"), announced ? kFlows : 0u);
    EXPECT_EQ(p.count("misrouted_flows"), announced ? 0u : kFlows);
    if (announced) {
      EXPECT_EQ(p.count("misrouted"), 0u);
    } else {
      EXPECT_GT(p.count("misrouted"), 1000u);
    }
  }
}

TEST_P(LoadTruth, ARecordingIsSentAgainPacketByPacket) {
  const test::TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(deliver());
  std::vector<std::string> a = arguments(kEverything);
  a.insert(a.end(), {"--record", folder.path("run.pcap"), "--flood", "5%"});
  const Printed recorded = run(a);
  ASSERT_FALSE(recorded.total.empty());
  expect_nothing_wrong(recorded);
  a = arguments(kEverything);
  a.insert(a.end(), {"--replay", folder.path("run.pcap")});
  const Printed replayed = run(a);
  ASSERT_FALSE(replayed.total.empty());
  expect_nothing_wrong(replayed);
  for (const char* key : {"sent", "flows", "flood", "backends"})
    EXPECT_EQ(replayed.total.at(key), recorded.total.at(key)) << key;
}

INSTANTIATE_TEST_SUITE_P(Way, LoadTruth,
                         testing::Values(Way{"af_packet", "1"}, Way{"af_xdp", "1"},
                                         Way{"af_packet", "2"}),
                         [](const auto& way) {
                           return way.param.driver + "_by_" + way.param.threads;
                         });

class LoadCommand : public LoadTest {};

TEST_F(LoadCommand, APortThatIsNotThereIsNamed) {
  ASSERT_NO_FATAL_FAILURE(
      start({"--tx", "af_packet:nowhere0", "--to", "02:00:00:00:00:02", "--for", "1s"}));
  const Result<netns::Exit> exit = process_.at(0).wait(milliseconds(20'000));
  LAB_ASSERT_OK(exit);
  EXPECT_EQ(exit->status, 1);
  EXPECT_THAT(exit->output, HasSubstr("bench-loadgen: "));
  EXPECT_THAT(exit->output, HasSubstr("nowhere0"));
}

}  // namespace
}  // namespace sluice::loadgen
