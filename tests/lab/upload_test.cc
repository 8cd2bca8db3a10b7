// SPDX-License-Identifier: Apache-2.0
// Uploads where no link has room for a tunnel: path MTU discovery has to do the work, or the
// backend has to ask for less.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <map>
#include <string>
#include <vector>

#include "lab/deployment.h"
#include "lab/icmp.h"
#include "lab/product_test.h"
#include "netns/offload.h"

namespace sluice::netns {
namespace {

using testing::AllOf;
using testing::Each;
using testing::IsEmpty;
using testing::Not;

constexpr unsigned kMtu = 1500;  // of every link
constexpr uint64_t kSize = 10'000'000;
const Weights kAll = {{"be1", 100}, {"be2", 100}};

// Bytes between the outer IP header and the client's packet.
const std::map<std::string, unsigned> kTunnels = {
    {"ipip", 0},      {"gre", 4}, {"fou", 8}, {"gue", 8 + 4}, {"{gue: {variant: 1}}", 8},
    {"geneve", 8 + 8}};
const std::string kL2 = "l2";

std::vector<std::string> tunnels() {
  std::vector<std::string> names;
  for (const auto& [name, overhead] : kTunnels) names.push_back(name);
  return names;
}

class Upload : public ProductTest, public testing::WithParamInterface<Deployment> {
 protected:
  static bool is_l2() { return GetParam().forward == kL2; }

  virtual Shape shape() const { return is_l2() ? Shape::kOneSegment : Shape::kRouted; }
  TopologyOptions topology_options() const override {
    return {.backends = unsigned(kAll.size()), .inner_mtu = kMtu, .shape = shape()};
  }
  void SetUp() override {
    ProductTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (int family : {AF_INET, AF_INET6})
      LAB_ASSERT_OK_AND(listeners_[family], icmp_listener(topology_->client(), family));
  }
  // Deploys with agents that clamp like this, and uploads to each VIP.
  void upload(const std::string& mss) {
    ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll,
                                    .mode = GetParam().mode,
                                    .ipv6_backends = GetParam().ipv6_backends,
                                    .forward = GetParam().forward},
                                   {.mode = GetParam().agent, .mss = mss}));
    ASSERT_EQ(attached_mode(), GetParam().mode);
    for (const std::string& vip : vip_urls()) {
      const std::vector<Request> requests = {
          {.url = vip, .upload = kSize, .patience = milliseconds(15000)}};
      Result<std::vector<Answer>> answers = fetch(topology_->client(), requests);
      LAB_ASSERT_OK(answers);
      EXPECT_EQ(answers->at(0).error, "") << vip;
      EXPECT_EQ(answers->at(0).received, kSize) << vip;
      EXPECT_EQ(answers->at(0).received_digest, answers->at(0).sent_digest) << vip;
    }
    EXPECT_EQ(dropped(), 0u);
  }
  // What the client has been told since the start.
  std::vector<TooBig> told(int family) { return too_bigs(listeners_.at(family)); }
  void expect_told_the_room() {
    const unsigned room =
        kMtu - (GetParam().ipv6_backends ? 40 : 20) - kTunnels.at(GetParam().forward);
    for (const auto& [family, vip] : {std::pair(AF_INET, kVip4), std::pair(AF_INET6, kVip6)})
      EXPECT_THAT(told(family), AllOf(Not(IsEmpty()), Each(TooBig{.from = vip, .mtu = room})));
    EXPECT_GT(replied("TOO_BIG"), 0u);
  }

 private:
  std::map<int, UniqueFd> listeners_;
};

TEST_P(Upload, FindsThePathMtuByItself) {
  ASSERT_NO_FATAL_FAILURE(upload("off"));
  if (is_l2()) {  // nothing is added
    EXPECT_THAT(told(AF_INET), IsEmpty());
    EXPECT_THAT(told(AF_INET6), IsEmpty());
    return;
  }
  expect_told_the_room();
}

INSTANTIATE_TEST_SUITE_P(Tunnel, Upload, testing::ValuesIn(deployments(tunnels())), name_of);
INSTANTIATE_TEST_SUITE_P(NoTunnel, Upload, testing::ValuesIn(deployments({kL2})), name_of);

// Packets come by one interface and leave by another; the answer goes back where they came from.
class UploadByTwoLinks : public Upload {
 protected:
  Shape shape() const override { return Shape::kTwoLinks; }
};

TEST_P(UploadByTwoLinks, FindsThePathMtuByItself) {
  Result<LinkState> before = topology_->balancer().netlink().link(kDevice);
  LAB_ASSERT_OK(before);
  ASSERT_NO_FATAL_FAILURE(upload("off"));
  expect_told_the_room();
  Result<LinkState> after = topology_->balancer().netlink().link(kDevice);
  LAB_ASSERT_OK(after);
  EXPECT_LT(after->tx_bytes - before->tx_bytes, kSize / 10) << "forwarded by the wrong one";
}

INSTANTIATE_TEST_SUITE_P(Tunnel, UploadByTwoLinks, testing::ValuesIn(deployments({"ipip"})),
                         name_of);

// The agent elsewhere than in the driver. GRO is on, as on a network card: at tc tunnels may come
// merged.
class UploadToAgent : public Upload {
 protected:
  void SetUp() override {
    Upload::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (const BackendHost& backend : topology_->backends())
      LAB_ASSERT_OK(set_offload(*backend.host, kDevice, Offload::kGro, true));
  }
};

TEST_P(UploadToAgent, FindsThePathMtuByItself) {
  ASSERT_NO_FATAL_FAILURE(upload("off"));
  expect_told_the_room();
  Result<XdpState> xdp = xdp_state(*topology_->backend(1).host, kDevice);
  LAB_ASSERT_OK(xdp);
  EXPECT_EQ(xdp->mode, GetParam().agent == "generic" ? XdpMode::kGeneric : XdpMode::kNone);
}

INSTANTIATE_TEST_SUITE_P(Tunnel, UploadToAgent,
                         testing::ValuesIn(deployments(tunnels(), {kModes[0]}, {"generic", "tc"})),
                         name_of);

class UploadWithLowerMss : public Upload {};

TEST_P(UploadWithLowerMss, NeedsNoPathMtuDiscovery) {
  ASSERT_NO_FATAL_FAILURE(upload("auto"));
  EXPECT_THAT(told(AF_INET), IsEmpty());
  EXPECT_THAT(told(AF_INET6), IsEmpty());
  EXPECT_EQ(replied("TOO_BIG"), 0u);
}

// It is the agent's doing: one way to attach the balancer will do.
INSTANTIATE_TEST_SUITE_P(Tunnel, UploadWithLowerMss,
                         testing::ValuesIn(deployments(tunnels(), {kModes[0]})), name_of);

}  // namespace
}  // namespace sluice::netns
