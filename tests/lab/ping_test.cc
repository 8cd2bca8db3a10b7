// SPDX-License-Identifier: Apache-2.0
// Who answers a ping, and that what is for the balancer itself, in whatever shape, is left to its
// kernel.
#include <netinet/in.h>

#include <string>
#include <utility>

#include "lab/deployment.h"
#include "lab/packets.h"
#include "lab/product_test.h"
#include "netns/kernel_counters.h"
#include "support/packet_builder.h"

namespace sluice::netns {
namespace {

constexpr milliseconds kPatience{3000};

class Ping : public ProductTest, public testing::WithParamInterface<std::string> {
 protected:
  // The balancer's replies in fragments have to fit the client's link: IPv6 routers do not cut.
  TopologyOptions topology_options() const override { return {.backends = 1, .inner_mtu = 1500}; }
  void SetUp() override {
    ProductTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_NO_FATAL_FAILURE(deploy({.weights = {{"be1", 100}}, .mode = GetParam()}));
    ASSERT_EQ(attached_mode(), GetParam());
  }
  // Pings from the client, and says by how much a counter of the balancer's kernel has risen.
  uint64_t risen(const std::string& counter, const std::string& address, size_t size) {
    const Result<KernelCounters> before = kernel_counters(topology_->balancer());
    const Result<bool> answered = ping(topology_->client(), address, size);
    const Result<KernelCounters> after = kernel_counters(topology_->balancer());
    EXPECT_TRUE(answered && *answered) << address << " with " << size << " bytes";
    EXPECT_TRUE(before && after);
    return before && after ? after->at(counter) - before->at(counter) : 0;
  }
};

TEST_P(Ping, OfAVipIsAnsweredByThePrograms) {
  for (const auto& [vip, counter] :
       {std::pair(kVip4, "IcmpInEchos"), std::pair(kVip6, "Icmp6InEchos")}) {
    SCOPED_TRACE(vip);
    const uint64_t before = replied("ECHO");
    for (size_t size : {0, 1, 56, 1400}) EXPECT_EQ(risen(counter, vip, size), 0u);
    EXPECT_EQ(replied("ECHO"), before + 4);
  }
}

TEST_P(Ping, OfTheBalancerIsAnsweredByItsKernel) {
  for (const auto& [address, counter] :
       {std::pair(kBalancer4, "IcmpInEchos"), std::pair(kBalancer6, "Icmp6InEchos")}) {
    SCOPED_TRACE(address);
    for (size_t size : {0, 1, 56, 1400}) EXPECT_EQ(risen(counter, address, size), 1u);
  }
  EXPECT_EQ(replied("ECHO"), 0u);
  EXPECT_EQ(dropped(), 0u);
}

TEST_P(Ping, InFragmentsReachesTheBalancersKernel) {
  for (const auto& [address, counter] :
       {std::pair(kBalancer4, "IpReasmOKs"), std::pair(kBalancer6, "Ip6ReasmOKs")}) {
    SCOPED_TRACE(address);
    EXPECT_EQ(risen(counter, address, 4000), 1u);
  }
  EXPECT_EQ(replied("ECHO"), 0u);
  EXPECT_EQ(dropped(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Attached, Ping, testing::ValuesIn(kModes),
                         [](const auto& mode) { return mode.param; });

// A membership query with the router alert option, as every router on the link sends it.
Bytes igmp_query(const std::string& source, const std::string& destination) {
  Bytes query = {0x11, 100, 0, 0, 0, 0, 0, 0};
  const uint16_t sum = test::internet_checksum(query);
  query[2] = uint8_t(sum >> 8);
  query[3] = uint8_t(sum);
  return test::PacketBuilder()
      .ipv4({.source = source,
             .destination = destination,
             .ttl = 1,
             .protocol = IPPROTO_IGMP,
             .options = {0x94, 4, 0, 0}})
      .payload(query)
      .build();
}

class Igmp : public Ping {};

TEST_P(Igmp, ReachesTheBalancersKernelUntouched) {
  Result<UniqueFd> listener = igmp_listener(topology_->balancer());
  LAB_ASSERT_OK(listener);
  for (const char* destination : {"224.0.0.1", kBalancer4}) {
    const Bytes query = igmp_query("203.0.113.1", destination);
    LAB_ASSERT_OK(send_raw(topology_->router(), destination, query, "balancer"));
    EXPECT_EQ(receive(*listener, kPatience), std::string(query.begin(), query.end()))
        << destination;
  }
  EXPECT_EQ(dropped(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Attached, Igmp, testing::ValuesIn(kModes),
                         [](const auto& mode) { return mode.param; });

}  // namespace
}  // namespace sluice::netns
