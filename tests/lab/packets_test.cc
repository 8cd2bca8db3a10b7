// SPDX-License-Identifier: Apache-2.0
// The hand-made packets are such that an ordinary kernel takes them.
#include "lab/packets.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "lab/check.h"
#include "netns/topology.h"

namespace sluice::netns {
namespace {

class Packets : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, for network namespaces";
    LAB_ASSERT_OK_AND(lab_, Lab::create());
    LAB_ASSERT_OK_AND(topology_, Topology::create(*lab_, {.backends = 1}));
  }

  std::unique_ptr<Lab> lab_;
  std::unique_ptr<Topology> topology_;
};

TEST_F(Packets, PingIsAnsweredByThoseWhoAreThere) {
  for (const std::string& address : {topology_->backend(1).v4, topology_->backend(1).v6}) {
    Result<bool> answered = ping(topology_->client(), address);
    LAB_ASSERT_OK(answered);
    EXPECT_TRUE(*answered) << address;
  }
  Result<bool> answered = ping(topology_->client(), "203.0.113.250");
  LAB_ASSERT_OK(answered);
  EXPECT_FALSE(*answered);
}

// The kernel of the backend has no tunnel and says so, quoting what it got; but only to a packet
// whose outer header is right.
TEST_F(Packets, AnEncapsulatedPacketReachesTheBackendsKernel) {
  Result<UniqueFd> errors = icmp_listener(topology_->balancer(), AF_INET);
  LAB_ASSERT_OK(errors);
  const Bytes inner = udp_packet(kClient4, kVip4, 9999, "hello");
  LAB_ASSERT_OK(send_encapsulated(topology_->balancer(), topology_->backend(1).v4, inner));
  EXPECT_NE(receive(*errors, milliseconds(1000)).find("hello"), std::string::npos);
}

// Raw sockets with the whole header, so that our checksums decide.
TEST_F(Packets, DatagramsOfOursAreValid) {
  BackendHost& backend = topology_->backend(1);
  Netlink& router = topology_->router().netlink();
  LAB_ASSERT_OK(router.add_route("192.0.2.10/32", backend.v4));
  LAB_ASSERT_OK(router.add_route("2001:db8::10/128", backend.v6));
  for (const auto& [client, vip] : {std::pair(kClient4, kVip4), std::pair(kClient6, kVip6)}) {
    Result<UniqueFd> listener = udp_listener(*backend.host, vip, 9999);
    LAB_ASSERT_OK(listener);
    LAB_ASSERT_OK(send_raw(topology_->client(), vip, udp_packet(client, vip, 9999, "hello")));
    EXPECT_EQ(receive(*listener, milliseconds(1000)), "hello") << vip;
  }
}

}  // namespace
}  // namespace sluice::netns
