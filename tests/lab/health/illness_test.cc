// SPDX-License-Identifier: Apache-2.0
// Backends that die, lose their decapsulation, or are drained, while thousands of flows live.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "lab/health/attempts.h"
#include "lab/health/health_test.h"

namespace sluice::netns {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;

constexpr char kHttp[] = "http: /, port: 80";
// What lies between what a check knows and what new flows meet.
constexpr milliseconds kPublish(50);

// Flows of the one that died are lost; nobody else's are.
void expect_only_broken(const FlowReport& report, size_t of_the_dead) {
  EXPECT_LE(report.broken_flows(), of_the_dead) << report.text();
}

TEST_F(HealthTest, OneThatDiesUnderLoadGetsNoNewFlowsOnceItIsKnown) {
  ASSERT_NO_FATAL_FAILURE(begin_checked(kHttp));
  const FlowReport before = client_->report();
  const size_t its = before.backends.at("be1");
  Attempts attempts(topology_->client(), kVip4);
  LAB_ASSERT_OK(pause_for(milliseconds(500)));
  const Clock::time_point died = Clock::now();
  ASSERT_NO_FATAL_FAILURE(switch_off("be1"));
  LAB_ASSERT_OK(pause_for(kKnown + milliseconds(2500)));
  const Attempts::Report report = attempts.stop();
  RecordProperty("last_lost_ms", int((report.last_lost - died) / milliseconds(1)));
  fmt::print("{} new connections, {} of them to the dead; the last one {} ms after its death\n",
             report.all, report.lost, (report.last_lost - died) / milliseconds(1));
  EXPECT_GT(report.lost, 0u) << "be1 was not dead";
  EXPECT_LE(report.last_lost - died, kKnown + kPublish);
  EXPECT_EQ(state_of("be1"), "down");
  EXPECT_THAT(new_flows().answered, Not(Contains(Key("be1"))));
  (void)client_->confirm();
  expect_only_broken(client_->report(), its);
}

// The backend's own address answers on; only as the VIP it does not any more.
TEST_F(HealthTest, OneWithoutItsDecapsulationIsFoundDown) {
  ASSERT_NO_FATAL_FAILURE(begin_checked(kHttp, {.tcp = 0, .udp = 0}));
  ASSERT_NO_FATAL_FAILURE(unload_agent("be1"));
  ASSERT_NO_FATAL_FAILURE(await_state("be1", "down", kKnown + milliseconds(2000)));
  EXPECT_EQ(state_of("be2"), "up");
  config_.pool["check"] = check_of(std::string(kHttp) + ", via: direct");
  ASSERT_NO_FATAL_FAILURE(change([](ConfigOptions&) {}));
  ASSERT_NO_FATAL_FAILURE(await_state("be1", "up", kKnown + milliseconds(3000)));
}

TEST_F(HealthTest, ADrainedOneKeepsItsFlowsAndGetsNoNewOnes) {
  ASSERT_NO_FATAL_FAILURE(begin_checked(kHttp));
  const nlohmann::json drained = ctl({"backend", "drain", "web/be1", "--reason", "new disks"});
  EXPECT_EQ(drained.at("changed"), true);
  LAB_ASSERT_OK(pause_for(milliseconds(1000)));
  EXPECT_THAT(new_flows().answered, Not(Contains(Key("be1"))));
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
  const nlohmann::json be1 = backend("be1");
  EXPECT_EQ(be1.at("state"), "drained");
  EXPECT_EQ(be1.at("overrides")[0].at("reason"), "new disks");
  // Not for the daemon to forget.
  LAB_ASSERT_OK(product_->daemon().kill());
  LAB_ASSERT_OK(product_->start_daemon());
  EXPECT_EQ(state_of("be1"), "drained");
  EXPECT_THAT(new_flows().answered, Not(Contains(Key("be1"))));
  ctl({"backend", "auto", "web/be1"});
  EXPECT_EQ(state_of("be1"), "up");
  EXPECT_THAT(new_flows().answered, Contains(Key("be1")));
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
}

// A datagram does not say whether it is the first of its flow.
TEST_F(HealthTest, ADrainedOneGetsNoNewUdpFlowsAfterItsWindow) {
  ASSERT_NO_FATAL_FAILURE(begin_checked(kHttp, {.tcp = 0, .udp = 500}));
  ctl({"backend", "drain", "web/be1"});
  ASSERT_NO_FATAL_FAILURE(outlive_window());
  EXPECT_THAT(new_flows(Transport::kUdp).answered, Not(Contains(Key("be1"))));
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
  EXPECT_THAT(client_->report(udp_).backends, Contains(Key("be1")));
}

class AlwaysTrackedHealth : public HealthTest {
 protected:
  std::map<std::string, std::string> defaults() const override {
    std::map<std::string, std::string> d = HealthTest::defaults();
    d["tracking"] = "always";
    return d;
  }
};

TEST_F(AlwaysTrackedHealth, ADrainedOneGetsNoNewUdpFlowsAtOnce) {
  ASSERT_NO_FATAL_FAILURE(begin_checked(kHttp, {.tcp = 0, .udp = 500}));
  ASSERT_NO_FATAL_FAILURE(outlive_window());  // every flow there is is known from now on
  ctl({"backend", "drain", "web/be1"});
  EXPECT_THAT(new_flows(Transport::kUdp).answered, Not(Contains(Key("be1"))));
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
  EXPECT_THAT(client_->report(udp_).backends, Contains(Key("be1")));
}

TEST_F(HealthTest, OneThatIsDownStaysDownThroughARestart) {
  ASSERT_NO_FATAL_FAILURE(begin_checked(kHttp, {.tcp = 0, .udp = 0}));
  ASSERT_NO_FATAL_FAILURE(switch_off("be1"));
  ASSERT_NO_FATAL_FAILURE(await_state("be1", "down", kKnown + milliseconds(2000)));
  LAB_ASSERT_OK(pause_for(milliseconds(1500)));  // it is on the disk
  LAB_ASSERT_OK(product_->daemon().kill());
  LAB_ASSERT_OK(product_->start_daemon());
  EXPECT_EQ(state_of("be1"), "down");
  EXPECT_THAT(new_flows().answered, Not(Contains(Key("be1"))));
}

// The file that is refused has not even been put in force for a moment.
TEST_F(HealthTest, OneThatIsDownStaysDownWhenAFileWithoutItIsRefused) {
  ASSERT_NO_FATAL_FAILURE(begin_checked(kHttp, {.tcp = 0, .udp = 0}));
  ASSERT_NO_FATAL_FAILURE(switch_off("be1"));
  ASSERT_NO_FATAL_FAILURE(await_state("be1", "down", kKnown + milliseconds(2000)));
  config_.weights.erase("be1");
  std::string text = config_text(*topology_, config_);
  text.replace(text.find("interfaces:\n"), 12, "interfaces:\n  nosuch0: {mode: native}\n");
  LAB_ASSERT_OK(product_->write_config(text));
  const Result<Exit> reload = product_->ctl({"reload"});
  LAB_ASSERT_OK(reload);
  ASSERT_NE(reload->status, 0) << reload->output;
  EXPECT_EQ(state_of("be1"), "down");
  EXPECT_THAT(new_flows().answered, Not(Contains(Key("be1"))));
}

// Fewer than half are well: nobody believes that.
TEST_F(HealthTest, ChecksThatAreMostlyBadAreNotBelieved) {
  ASSERT_NO_FATAL_FAILURE(begin_checked(kHttp, {.tcp = 0, .udp = 0}));
  for (int i = 1; i <= 6; i++) ASSERT_NO_FATAL_FAILURE(unload_agent(fmt::format("be{}", i)));
  for (int i = 1; i <= 6; i++)
    ASSERT_NO_FATAL_FAILURE(
        await_state(fmt::format("be{}", i), "down", kKnown + milliseconds(3000)));
  EXPECT_EQ(backend("be1").at("weight"), 100);
  const nlohmann::json troubles = status().at("pools_in_trouble");
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].at("trouble"), "panic");
}

// Clients come by one link, and answers of backends by the other.
class StrictHost : public HealthTest {
 protected:
  TopologyOptions topology_options() const override {
    return {.backends = 3, .shape = Shape::kTwoLinks};
  }
};

TEST_F(StrictHost, WhatMayLoseTheAnswersIsSaid) {
  LAB_ASSERT_OK(topology_->balancer().sysctl("net/ipv4/conf/all/rp_filter", "1"));
  ASSERT_NO_FATAL_FAILURE(
      begin(equal_weights(1, 3), {.tcp = 0, .udp = 0}, "native", {{"check", check_of(kHttp)}}));
  std::string detail;
  LAB_ASSERT_OK(wait_until(
      [&] {
        detail = backend("be1").at("detail");
        return detail.find("rp_filter") != detail.npos;
      },
      milliseconds(5000), "the reason to be told"));
  EXPECT_THAT(detail, HasSubstr("its answers may be lost here"));
}

// Every kind that the backends of the lab can answer, through the tunnel.
class CheckKinds : public HealthTest, public testing::WithParamInterface<const char*> {};

TEST_P(CheckKinds, FindTheDead) {
  ASSERT_NO_FATAL_FAILURE(begin_checked(GetParam(), {.tcp = 0, .udp = 0}));
  EXPECT_EQ(backend("be1").at("check").at("via"), "tunnel");
  EXPECT_EQ(backend("be1").at("check").at("to"), kVip4);
  ASSERT_NO_FATAL_FAILURE(switch_off("be1"));
  ASSERT_NO_FATAL_FAILURE(await_state("be1", "down", kKnown + milliseconds(2000)));
  EXPECT_EQ(state_of("be2"), "up");
}

INSTANTIATE_TEST_SUITE_P(Each, CheckKinds,
                         testing::Values("http: /, port: 80", "tcp: connect", "icmp: echo"));

}  // namespace
}  // namespace sluice::netns
