// SPDX-License-Identifier: Apache-2.0
// A whole run without a port: what is done to frames on their way is what the report says.
#include "loadgen/checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "bench/loadgen/on_the_way.h"
#include "loadgen/generator.h"
#include "loadgen/replay.h"
#include "loadgen/report.h"
#include "support/temporary_folder.h"

namespace sluice::loadgen {
namespace {

constexpr uint32_t kMagic = kStampMagic | 7;
constexpr char kBalancer[] = "02:00:00:00:00:02";
constexpr uint64_t kFlows = 20;
constexpr uint64_t kStart = 5 * kSecond, kLatency = 1000, kGap = 10'000;

class LoadRun : public testing::Test {
 protected:
  LoadRun() {
    traffic_ = {
        .vips = {{*IpAddress::parse("192.0.2.10"), 443}, {*IpAddress::parse("2001:db8::10"), 443}},
        .sources_v4 = *IpPrefix::parse("198.51.100.0/24"),
        .sources_v6 = *IpPrefix::parse("2001:db8:c::/64"),
        .flows = kFlows};
    traffic_.mix.fill(1);
  }
  void begin() {
    generator_.emplace(traffic_, MacAddress(), *MacAddress::parse(kBalancer), kMagic, kFlows);
    checker_.emplace(traffic_, CheckOptions{.magic = kMagic,
                                            .to = *MacAddress::parse(kBalancer),
                                            .start = kStart,
                                            .flows = kFlows});
  }
  // Sends `n` packets; `on_way` says which frames arrive for the i-th.
  Total send(int n, const std::function<std::vector<Bytes>(int, const Bytes&)>& on_way) {
    Interval all;
    for (int i = 0; i < n; i++) {
      const uint64_t now = kStart + uint64_t(i) * kGap;
      Bytes frame(kMostSize);
      frame.resize(generator_->next(frame.data(), uint32_t(now), 0).size);
      all.sent++;
      check(on_way(i, frame), now + kLatency);
    }
    for (const Interval& second : checker_->seconds().take_rest()) all += second;
    return total_of(all, 1, generator_->sent(), generator_->flood_sent(), *checker_);
  }
  // All in one burst.
  void check(const std::vector<Bytes>& frames, uint64_t now) {
    const std::vector<BytesView> views(frames.begin(), frames.end());
    checker_->check(views, now);
  }

  Traffic traffic_;
  std::optional<Generator> generator_;
  std::optional<Checker> checker_;
};

TEST_F(LoadRun, NothingIsWrongWhereNothingIsDone) {
  traffic_.flood = 0.1;
  begin();
  const Total t =
      send(5000, [](int, const Bytes& frame) { return std::vector<Bytes>{delivered(frame)}; });
  EXPECT_EQ(t.all.sent, 5000u);
  EXPECT_EQ(t.all.received, 5000u);
  EXPECT_EQ(t.all.lost() + t.all.duplicated + t.all.reordered + t.all.misrouted + t.all.corrupt +
                t.all.foreign + t.all.undecided + t.lossy_flows,
            0u);
  EXPECT_EQ(t.flows, kFlows);
  EXPECT_NEAR(double(t.flood), 500, 100);  // a turn of fragments has two packets
  EXPECT_EQ(t.backends.size(), 3u);
  EXPECT_EQ(t.all.latency.most(), kLatency);
}

TEST_F(LoadRun, EachLossDuplicateAndMisrouteIsCounted) {
  begin();
  const Total t = send(5000, [](int i, const Bytes& frame) -> std::vector<Bytes> {
    if (i % 500 == 100) return {};                                    // 10
    if (i % 500 == 200) return {delivered(frame), delivered(frame)};  // 10
    if (i % 1000 == 850) return {encapsulated(frame, 9)};             // 5
    return {delivered(frame)};
  });
  EXPECT_EQ(t.all.lost(), 10u);
  EXPECT_EQ(t.all.duplicated, 10u);
  EXPECT_EQ(t.all.misrouted, 5u);
  EXPECT_EQ(t.all.reordered, 0u);
  EXPECT_EQ(t.all.received, 5000u);
}

TEST_F(LoadRun, EachThatIsOvertakenIsCounted) {
  begin();
  std::map<uint32_t, Bytes> held;
  const Total t = send(5000, [&](int i, const Bytes& frame) -> std::vector<Bytes> {
    const uint32_t flow = stamp_of(frame).flow;
    std::vector<Bytes> out = {delivered(frame)};
    if (held.contains(flow)) {
      out.push_back(held[flow]);
      held.erase(flow);
    } else if (i % 1000 == 100) {  // 5
      held[flow] = out[0];
      out.clear();
    }
    return out;
  });
  EXPECT_EQ(t.all.reordered, 5u);
  EXPECT_EQ(t.all.lost() + t.all.duplicated, 0u);
}

TEST_F(LoadRun, ABitThatIsWrongAnywhereIsCorrupt) {
  begin();
  size_t damaged = 0;
  const Total t = send(2000, [&](int i, const Bytes& frame) {
    std::vector<Bytes> out = {delivered(frame)};
    if (i % 10 != 5) return out;
    // Anywhere behind Ethernet but in the magic, without which it is nobody's.
    const size_t room = out[0].size() - 14 - sizeof(Stamp);
    out[0][14 + (size_t(i) * 7) % room] ^= 1;
    damaged++;
    return out;
  });
  // The outer header's flow label and the like are none of IPv4's: its checksum has all of it. An
  // inner IPv6 header has none, so its traffic class, flow label and hop limit may be anything.
  EXPECT_EQ(t.all.corrupt + t.all.received, 2000u);
  EXPECT_EQ(t.all.lost(), t.all.corrupt);
  EXPECT_GT(t.all.corrupt, damaged * 9 / 10);
}

TEST_F(LoadRun, WhatIsNotOursIsForeign) {
  begin();
  const Total t = send(10, [&](int, const Bytes& frame) -> std::vector<Bytes> {
    Bytes other = delivered(frame);
    other[other.size() - sizeof(Stamp)] ^= 1;  // of another run
    // ... and the one that was sent, seen on its way.
    return {delivered(frame), other, frame, Bytes(60)};
  });
  EXPECT_EQ(t.all.foreign, 30u);
  EXPECT_EQ(t.all.received, 10u);
  EXPECT_EQ(t.all.corrupt, 0u);
}

TEST_F(LoadRun, IsToldInJsonAndAsText) {
  begin();
  const Total t = send(100, [](int i, const Bytes& frame) {
    return i == 50 ? std::vector<Bytes>() : std::vector<Bytes>{delivered(frame)};
  });
  const nlohmann::json json = nlohmann::json::parse(to_json(t));
  EXPECT_EQ(json.at("sent"), 100);
  EXPECT_EQ(json.at("received"), 99);
  EXPECT_EQ(json.at("lost"), 1);
  EXPECT_EQ(json.at("lossy_flows"), 1);
  EXPECT_EQ(json.at("pps_sent"), 100);
  EXPECT_EQ(json.at("latency_ns").at("max"), kLatency);
  uint64_t packets = 0, flows = 0;
  for (const nlohmann::json& b : json.at("backends")) {
    packets += b.at("packets").get<uint64_t>();
    flows += b.at("flows").get<uint64_t>();
  }
  EXPECT_EQ(packets, 99u);
  EXPECT_EQ(flows, kFlows);
  const std::string text = to_text(t, false);
  EXPECT_THAT(text, testing::HasSubstr("lost 1 (1.0000%, of 1 flows)"));
  EXPECT_THAT(text, testing::HasSubstr("203.0.113.10"));
}

// What was recorded is sent again, with other times and right checksums.
TEST_F(LoadRun, ARecordingIsCheckedLikeTheRunItIsOf) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.pcap");
  traffic_.flood = 0.1;
  begin();
  {
    Result<PcapWriter> writer = PcapWriter::create(path);
    ASSERT_TRUE(writer) << writer.error().message;
    send(500, [&](int, const Bytes& frame) {
      writer->write(frame, 0);
      return std::vector<Bytes>();
    });
    ASSERT_TRUE(writer->finish());
  }
  Result<Replay> replay = Replay::open(path);
  ASSERT_TRUE(replay) << replay.error().message;
  EXPECT_EQ(replay->magic(), kMagic);
  EXPECT_EQ(replay->flows(), kFlows);
  const std::vector<uint32_t> recorded = generator_->sent();
  begin();
  Bytes frame(kMostSize);
  std::optional<Stamp> stamp;
  constexpr uint64_t kLater = 77 * kSecond;
  int n = 0;
  for (; const size_t size = replay->next(frame.data(), uint32_t(kLater), stamp); n++) {
    ASSERT_TRUE(stamp);
    check({delivered(test::first(frame, size))}, kLater + kLatency);
  }
  EXPECT_EQ(n, 500);
  EXPECT_EQ(replay->sent(), recorded);
  Interval all;
  for (const Interval& second : checker_->seconds().take_rest()) all += second;
  EXPECT_EQ(all.received, 500u);
  EXPECT_EQ(all.corrupt + all.foreign + all.duplicated + all.reordered, 0u);
  EXPECT_EQ(all.latency.most(), kLatency);
}

TEST(Replay, WhatIsNoFileOfFramesIsAnError) {
  const test::TemporaryFolder folder;
  EXPECT_FALSE(Replay::open(folder.path("none")));
  std::ofstream(folder.path("text")) << "no frames";
  EXPECT_FALSE(Replay::open(folder.path("text")));
}

}  // namespace
}  // namespace sluice::loadgen
