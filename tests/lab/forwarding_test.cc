// SPDX-License-Identifier: Apache-2.0
// Packets through the whole product: client, balancer, backend and straight back.
#include <gmock/gmock.h>

#include "lab/packets.h"
#include "lab/product_test.h"
#include "netns/http_server.h"

namespace sluice::netns {
namespace {

class Forwarding : public ProductTest {};

const Weights kUneven = {{"be1", 100}, {"be2", 200}, {"be3", 300}};

TEST_F(Forwarding, NativeXdpFollowsTheWeightsInBothFamilies) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kUneven}));
  EXPECT_EQ(mode(), XdpMode::kNative);
  for (const std::string& vip : vip_urls()) {
    SCOPED_TRACE(vip);
    Result<std::vector<Answer>> answers = fetch(topology_->client(), {vip}, 300);
    LAB_ASSERT_OK(answers);
    EXPECT_EQ(tally(*answers).failures(), 0u);
    EXPECT_LT(tally(*answers).slowest, milliseconds(900)) << "a packet was lost";
    expect_shares(tally(*answers), kUneven);
  }
}

TEST_F(Forwarding, GenericModeDoesTheSame) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kUneven, .mode = "generic"}));
  EXPECT_EQ(mode(), XdpMode::kGeneric);
  expect_shares(ask(300), kUneven);
}

TEST_F(Forwarding, BackendsCanBeReachedOverIpv6) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kUneven, .ipv6_backends = true}));
  expect_shares(ask(300), kUneven);
}

TEST_F(Forwarding, ABackendOfWeightZeroGetsNothing) {
  const Weights weights = {{"be1", 100}, {"be2", 0}, {"be3", 100}};
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = weights}));
  expect_shares(ask(100), weights);
}

TEST_F(Forwarding, RepliesDoNotPassTheBalancer) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kUneven}));
  Netlink& router = topology_->router().netlink();
  Result<LinkState> before = router.link("balancer");
  LAB_ASSERT_OK(before);
  constexpr uint64_t kSize = 5'000'000;
  Result<std::vector<Answer>> answers =
      fetch(topology_->client(), {url(kVip4, "/bytes/5000000"), url(kVip6, "/bytes/5000000")}, 2);
  LAB_ASSERT_OK(answers);
  for (const Answer& answer : *answers) {
    EXPECT_EQ(answer.error, "");
    EXPECT_EQ(answer.body, kSize);
  }
  Result<LinkState> after = router.link("balancer");
  LAB_ASSERT_OK(after);
  EXPECT_LT(after->tx_bytes - before->tx_bytes, kSize / 4) << "towards the balancer";
  EXPECT_LT(after->rx_bytes - before->rx_bytes, kSize / 4) << "from the balancer";
}

TEST_F(Forwarding, UploadsOfFullPacketsArrive) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kUneven}));
  constexpr uint64_t kSize = 10'000'000;
  for (const std::string& vip : vip_urls()) {
    Result<std::vector<Answer>> answers = fetch(
        topology_->client(), {{.url = vip, .upload = kSize, .patience = milliseconds(20000)}});
    LAB_ASSERT_OK(answers);
    EXPECT_EQ(answers->at(0).error, "") << vip;
    EXPECT_EQ(answers->at(0).received, kSize) << vip;
  }
}

TEST_F(Forwarding, TheBalancersOwnTrafficReachesItsKernel) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kUneven}));
  Result<std::unique_ptr<HttpServer>> server =
      HttpServer::start(topology_->balancer(), "the balancer", 80);
  LAB_ASSERT_OK(server);
  for (const char* address : {kBalancer4, kBalancer6}) {
    SCOPED_TRACE(address);
    Result<bool> answered = ping(topology_->client(), address);
    LAB_ASSERT_OK(answered);
    EXPECT_TRUE(*answered);
    Result<std::vector<Answer>> answers = fetch(topology_->client(), {url(address)}, 10);
    LAB_ASSERT_OK(answers);
    EXPECT_EQ(tally(*answers).answers_of("the balancer"), 10u);
  }
}

// veth takes no program onto a device it does not have.
TEST_F(Forwarding, OffloadThatTheDriverRefusesAttachesNothingElse) {
  LAB_ASSERT_OK(
      product_->write_config(config_text(*topology_, {.weights = kUneven, .mode = "offload"})));
  const Result<void> started = product_->start_daemon();
  ASSERT_FALSE(started);
  EXPECT_THAT(
      started.error().message,
      testing::HasSubstr("eth0: offload: the driver takes no BPF programs onto the device"));
  EXPECT_EQ(mode(), XdpMode::kNone);
}

}  // namespace
}  // namespace sluice::netns
