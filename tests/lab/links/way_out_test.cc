// SPDX-License-Identifier: Apache-2.0
// MTUs and MAC addresses that change, of our own interfaces and of neighbours.
#include <gmock/gmock.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "lab/deployment.h"
#include "lab/links/two_links.h"

namespace sluice::netns {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr char kGateway[] = "203.0.113.1";
constexpr char kNewMac[] = "02:00:00:00:77:01";

// 9,000 is more than a veth carries to the XDP program at its other end.
TEST_F(TwoLinks, MtuOfTheWayOutIsFollowedWithinASecond) {
  ASSERT_NO_FATAL_FAILURE(deploy_for_probes());
  for (const unsigned mtu : {1500u, 1400u, 3000u, 1500u}) {
    SCOPED_TRACE(mtu);
    set_mtu(mtu);
    const Clock::time_point changed = Clock::now();
    ASSERT_NO_FATAL_FAILURE(expect_room(mtu - kOuter < 1500 ? mtu - kOuter : 0, changed));
  }
}

class OwnMac : public LinkTest, public testing::WithParamInterface<std::string> {
 protected:
  // The source of the first tunnelled frame that the router gets while `f` is done.
  std::string source_of_tunnels(const std::function<void()>& f) {
    Result<UniqueFd> socket = topology_->router().run([]() -> Result<UniqueFd> {
      UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP)));
      const sockaddr_ll from = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_IP),
                                .sll_ifindex = int(if_nametoindex("balancer"))};
      if (!fd.valid() ||
          bind(fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof(from)) != 0)
        return errno_error("listen to frames");
      return fd;
    });
    EXPECT_TRUE(socket) << socket.error().message;
    if (!socket) return "";
    f();
    constexpr size_t kProtocol = ETH_HLEN + 9;
    for (;;) {
      const std::string frame = receive(*socket, milliseconds(100));
      if (frame.empty()) return "no such frame";
      if (frame.size() <= kProtocol || uint8_t(frame[kProtocol]) != IPPROTO_IPIP) continue;
      MacAddress::Bytes source;
      std::copy_n(frame.begin() + ETH_ALEN, source.size(), source.begin());
      return MacAddress(source).to_string();
    }
  }
};

// It is the destination of what comes and the source of what leaves.
TEST_P(OwnMac, IsFollowedWithinASecond) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll, .mode = GetParam()}));
  sh(topology_->router(), std::string("ip neigh replace 203.0.113.2 dev balancer lladdr ") +
                              kNewMac + "\nip neigh replace 2001:db8:b::2 dev balancer lladdr " +
                              kNewMac);
  on_balancer(std::string("ip link set eth0 address ") + kNewMac);
  const Clock::time_point changed = Clock::now();
  expect_served(changed);
  EXPECT_EQ(source_of_tunnels([&] { ask(10); }), kNewMac);
}

INSTANTIATE_TEST_SUITE_P(Mode, OwnMac, testing::ValuesIn(kModes),
                         [](const auto& mode) { return mode.param; });

class Gateway : public LinkTest {
 protected:
  std::string entry() { return on_balancer(std::string("ip -d neigh show ") + kGateway); }
  // The router's end towards the balancer.
  void change_mac() {
    sh(topology_->router(), std::string("ip link set balancer address ") + kNewMac);
  }
};

TEST_F(Gateway, NewMacIsFollowedWithinASecond) {
  LAB_ASSERT_OK(topology_->router().sysctl("net/ipv4/conf/balancer/arp_notify", "1"));
  LAB_ASSERT_OK(topology_->balancer().sysctl("net/ipv4/neigh/eth0/locktime", "0"));
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll}));
  const uint64_t before = generation();
  change_mac();
  const Clock::time_point changed = Clock::now();
  LAB_ASSERT_OK(wait_until([&] { return entry().find(kNewMac) != std::string::npos; }, kSoon,
                           "the kernel to learn of it"));
  expect_served(changed);
  EXPECT_EQ(generation(), before) << "of a next hop the MAC alone is written in place";
}

TEST_F(Gateway, ThatDoesNotAnswerServesOnWithItsLastMac) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll}));
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  LAB_ASSERT_OK(topology_->router().sysctl("net/ipv4/conf/balancer/arp_ignore", "8"));
  const size_t said = product_->daemon().output().size();
  on_balancer(std::string("ip neigh change dev eth0 nud failed ") + kGateway);
  ASSERT_NO_FATAL_FAILURE(expect_said("its last next hop stays in use", said));
  EXPECT_THAT(entry(), Not(HasSubstr("lladdr")));
  LAB_ASSERT_OK(pause_for(milliseconds(500)));
  stop_traffic();
  EXPECT_TRUE(status().at("unusable").empty());
}

TEST_F(Gateway, ThatIsPermanentIsNeverTouchedAndFollowed) {
  const std::string old_mac = Link::mac(2, 2).to_string();
  ASSERT_THAT(sh(topology_->router(), "ip link show balancer"), HasSubstr(old_mac));
  const auto set = [&](const std::string& mac) {
    on_balancer(std::string("ip neigh replace dev eth0 nud permanent ") + kGateway + " lladdr " +
                mac);
  };
  set(old_mac);
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll}));
  on_balancer("ip link set eth0 mtu 1500\nip link set eth0 mtu 1600");
  ask(10);
  const auto untouched =
      AllOf(HasSubstr("PERMANENT"), Not(HasSubstr("managed")), Not(HasSubstr("proto")));
  EXPECT_THAT(entry(), AllOf(HasSubstr(old_mac), untouched));
  change_mac();
  set(kNewMac);
  const Clock::time_point changed = Clock::now();
  expect_served(changed);
  EXPECT_THAT(entry(), AllOf(HasSubstr(kNewMac), untouched));
}

}  // namespace
}  // namespace sluice::netns
