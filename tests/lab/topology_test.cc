// SPDX-License-Identifier: Apache-2.0
// The lab's other shapes, and what it measures by.
#include "netns/topology.h"

#include <gtest/gtest.h>

#include "lab/check.h"
#include "netns/http_client.h"
#include "netns/kernel_counters.h"
#include "netns/payload.h"
#include "netns/tally.h"

namespace sluice::netns {
namespace {

class TopologyTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, for network namespaces";
    LAB_ASSERT_OK_AND(lab_, Lab::create());
  }
  void make(const TopologyOptions& options) {
    LAB_ASSERT_OK_AND(topology_, Topology::create(*lab_, options));
  }
  // One request from `host`, which be2 has to answer.
  void ask_be2(Host& host, const std::string& address) {
    Result<std::vector<Answer>> answers = fetch(host, {url(address)}, 1);
    LAB_ASSERT_OK(answers);
    EXPECT_EQ(tally(*answers).answers_of("be2"), 1u) << answers->at(0).error;
  }
  uint64_t counter(Host& host, const std::string& name) {
    const Result<KernelCounters> counters = kernel_counters(host);
    EXPECT_TRUE(counters) << counters.error().message;
    return counters ? counters->at(name) : 0;
  }

  std::unique_ptr<Lab> lab_;
  std::unique_ptr<Topology> topology_;
};

TEST_F(TopologyTest, LinksHaveTheMtuAskedFor) {
  ASSERT_NO_FATAL_FAILURE(make({.inner_mtu = 1500}));
  for (const char* device : {"client", "balancer", "be1", "be2", "be3"}) {
    Result<LinkState> link = topology_->router().netlink().link(device);
    LAB_ASSERT_OK(link);
    EXPECT_EQ(link->mtu, 1500u) << device;
  }
  for (Host* host : topology_->hosts()) {
    if (host == &topology_->router()) continue;
    Result<LinkState> link = host->netlink().link(kDevice);
    LAB_ASSERT_OK(link);
    EXPECT_EQ(link->mtu, 1500u) << host->name();
  }
}

TEST_F(TopologyTest, OnOneSegmentNobodyRoutesToBackends) {
  ASSERT_NO_FATAL_FAILURE(make({.backends = 2, .shape = Shape::kOneSegment}));
  BackendHost& backend = topology_->backend(2);
  for (const std::string& address : {backend.v4, backend.v6})
    ASSERT_NO_FATAL_FAILURE(ask_be2(topology_->balancer(), address));
  EXPECT_EQ(counter(topology_->router(), "IpForwDatagrams"), 0u);
  EXPECT_EQ(counter(topology_->router(), "Ip6OutForwDatagrams"), 0u);
}

TEST_F(TopologyTest, OnOneSegmentTheClientReachesBackendsByTheRouter) {
  ASSERT_NO_FATAL_FAILURE(make({.backends = 2, .shape = Shape::kOneSegment}));
  BackendHost& backend = topology_->backend(2);
  for (const std::string& address : {backend.v4, backend.v6})
    ASSERT_NO_FATAL_FAILURE(ask_be2(topology_->client(), address));
  EXPECT_GT(counter(topology_->router(), "IpForwDatagrams"), 0u);
  EXPECT_GT(counter(topology_->router(), "Ip6OutForwDatagrams"), 0u);
}

TEST_F(TopologyTest, OnTwoLinksTheBalancerReachesBackendsByTheSecond) {
  ASSERT_NO_FATAL_FAILURE(make({.backends = 2, .shape = Shape::kTwoLinks}));
  Result<LinkState> before = topology_->balancer().netlink().link(kInsideDevice);
  LAB_ASSERT_OK(before);
  BackendHost& backend = topology_->backend(2);
  for (const std::string& address : {backend.v4, backend.v6})
    ASSERT_NO_FATAL_FAILURE(ask_be2(topology_->balancer(), address));
  Result<LinkState> after = topology_->balancer().netlink().link(kInsideDevice);
  LAB_ASSERT_OK(after);
  EXPECT_GE(after->tx_packets - before->tx_packets, 2 * 4u);  // SYN, ACK, request, FIN
  EXPECT_GE(after->rx_packets - before->rx_packets, 2 * 3u);
}

TEST_F(TopologyTest, KernelCountersAreOfTheHost) {
  ASSERT_NO_FATAL_FAILURE(make({.backends = 2}));
  for (int i = 0; i < 3; i++)
    ASSERT_NO_FATAL_FAILURE(ask_be2(topology_->client(), topology_->backend(2).v4));
  EXPECT_EQ(counter(*topology_->backend(2).host, "TcpPassiveOpens"), 3u);
  EXPECT_EQ(counter(*topology_->backend(1).host, "TcpPassiveOpens"), 0u);
  EXPECT_EQ(counter(topology_->client(), "TcpActiveOpens"), 3u);
}

std::string digest_of(const std::string& bytes) {
  Digest digest;
  digest.add(bytes.data(), bytes.size());
  return digest.text();
}

TEST(Payload, IsTheSameInWhateverParts) {
  std::string whole(3000, '\0'), parts(3000, '\0');
  Pattern at_once, by_parts;
  Digest digest;
  at_once.fill(whole.data(), whole.size());
  for (size_t at = 0; at < parts.size(); at += 100) {
    by_parts.fill(&parts[at], 100);
    digest.add(&parts[at], 100);
  }
  EXPECT_EQ(parts, whole);
  EXPECT_EQ(digest.text(), digest_of(whole));
}

TEST(Payload, ShowsSegmentsThatAreLostRepeatedOrMisplaced) {
  constexpr size_t kSegment = 1448;
  std::string bytes(3 * kSegment, '\0');
  Pattern().fill(bytes.data(), bytes.size());
  const std::string a = bytes.substr(0, kSegment), b = bytes.substr(kSegment, kSegment),
                    c = bytes.substr(2 * kSegment);
  for (const std::string& wrong : {a + c + b, a + a + c, a + b + b, a + b, bytes.substr(1)})
    EXPECT_NE(digest_of(wrong), digest_of(bytes));
}

}  // namespace
}  // namespace sluice::netns
