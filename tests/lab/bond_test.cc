// SPDX-License-Identifier: Apache-2.0
// sluice on a bond: packets come in by either member, and go out by both.
#include <fmt/format.h>

#include "lab/product_test.h"
#include "netns/offload.h"

namespace sluice::netns {
namespace {

const Weights kUneven = {{"be1", 100}, {"be2", 200}, {"be3", 50}};

constexpr char kMembers[][4] = {"one", "two"};
constexpr unsigned kSecondLink = 99;  // no other link of the lab has that number
constexpr char kRouterEnd[] = "balancer";

Result<Exit> shell(const Host& host, const std::string& script) {
  return run_program(host, {"/bin/sh", "-ec", script});
}

// Packets take the members of a bond in turn; the topology's own link is the first of them. The
// bonds have the names that the two ends of that had.
class Bond : public ProductTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ProductTest::SetUp());
    if (IsSkipped()) return;
    const Result<Exit> made = shell(topology_->balancer(), "ip link add probe type bond");
    LAB_ASSERT_OK(made);
    if (made->status != 0) GTEST_SKIP() << "this kernel has no bonding: " << made->output;
    LAB_ASSERT_OK(shell(topology_->balancer(), "ip link delete probe"));
    ASSERT_NO_FATAL_FAILURE(add_second_link());
    ASSERT_NO_FATAL_FAILURE(bond(topology_->balancer(), kDevice,
                                 fmt::format("ip addr add {}/30 dev eth0\n"
                                             "ip addr add {}/64 dev eth0 nodad\n"
                                             "ip route add default via 203.0.113.1\n"
                                             "ip route add default via 2001:db8:b::1\n",
                                             kBalancer4, kBalancer6)));
    ASSERT_NO_FATAL_FAILURE(bond(topology_->router(), kRouterEnd,
                                 fmt::format("ip addr add 203.0.113.1/30 dev balancer\n"
                                             "ip addr add 2001:db8:b::1/64 dev balancer nodad\n"
                                             "ip route add 192.0.2.0/24 via {}\n"
                                             "ip route add 2001:db8::/64 via {}\n",
                                             kBalancer4, kBalancer6)));
  }

  uint64_t received(const char* member) { return state(member).rx_packets; }
  uint64_t sent(const char* member) { return state(member).tx_packets; }

 private:
  void add_second_link() {
    Host& router = topology_->router();
    LAB_ASSERT_OK(topology_->balancer().netlink().add_veth(
        {.device = kMembers[1], .mac = Link::mac(kSecondLink, 1)},
        {.device = kMembers[1], .mac = Link::mac(kSecondLink, 2)}, router.fd(),
        topology_->options().inner_mtu));
    for (Host* host : {&topology_->balancer(), &router})
      LAB_ASSERT_OK(set_offload(*host, kMembers[1], Offload::kTxChecksum, false));
    LAB_ASSERT_OK_AND(pass_, attach_xdp_pass(router, kMembers[1]));
  }
  void bond(Host& host, const std::string& device, const std::string& addresses) {
    const Result<Exit> made =
        shell(host, fmt::format("ip addr flush dev {0}\n"
                                "ip link set {0} down\n"
                                "ip link set {0} name one\n"
                                "ip link add {0} type bond mode balance-rr miimon 100\n"
                                "ip link set one master {0}\n"
                                "ip link set two down\n"
                                "ip link set two master {0}\n"
                                "ip link set {0} mtu {1}\n"
                                "ip link set {0} up\n{2}",
                                device, topology_->options().inner_mtu, addresses));
    LAB_ASSERT_OK(made);
    ASSERT_EQ(made->status, 0) << made->output;
  }
  LinkState state(const char* member) {
    const Result<LinkState> link = topology_->balancer().netlink().link(member);
    EXPECT_TRUE(link) << link.error().message;
    return link.value_or(LinkState());
  }

  UniqueFd pass_;  // veth wants a program at the other end; the first link has one
};

TEST_F(Bond, TakesPacketsFromEitherMemberAndSendsByBoth) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kUneven}));
  EXPECT_EQ(mode(), XdpMode::kNative);
  const uint64_t received_before[] = {received("one"), received("two")};
  const uint64_t sent_before[] = {sent("one"), sent("two")};
  expect_shares(ask(300), kUneven);
  for (size_t i = 0; i < 2; i++) {
    SCOPED_TRACE(kMembers[i]);
    EXPECT_GE(received(kMembers[i]), received_before[i] + 300);
    EXPECT_GE(sent(kMembers[i]), sent_before[i] + 300);
  }
  EXPECT_EQ(dropped(), 0u);
  if (HasFailure()) {
    const Result<Exit> told = product_->ctl({"status"});
    const Result<Exit> links = shell(topology_->balancer(), "ip -s addr; ip neigh; ip route");
    ADD_FAILURE() << (told ? told->output : "") << (links ? links->output : "");
  }
}

}  // namespace
}  // namespace sluice::netns
