// SPDX-License-Identifier: Apache-2.0
// Which way the kernel's routes lead, with every neighbour known beforehand.
#include "network/two_hosts.h"

namespace sluice {
namespace {

constexpr char kPeer[] = "02:00:00:00:00:02";
constexpr char kGateway[] = "02:00:00:00:00:fe";

class Routes : public TwoHosts {
 protected:
  void SetUp() override {
    TwoHosts::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sh("ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 nud permanent dev v0\n"
       "ip neigh add 2001:db8::2 lladdr 02:00:00:00:00:02 nud permanent dev v0\n"
       "ip neigh add 192.0.2.254 lladdr 02:00:00:00:00:fe nud permanent dev v0\n"
       "ip neigh add 2001:db8::fe lladdr 02:00:00:00:00:fe nud permanent dev v0\n");
  }
};

TEST_F(Routes, OnLinkBackendIsItsOwnNeighbour) {
  const Resolution r = resolve({"192.0.2.2", "2001:db8::2"});
  EXPECT_EQ(r.missing.size(), 0u);
  EXPECT_EQ(r.found.at(ip("192.0.2.2")), via_v0(kPeer, "192.0.2.1"));
  EXPECT_EQ(r.found.at(ip("2001:db8::2")), via_v0(kPeer, "2001:db8::1"));
}

TEST_F(Routes, GatewayIsTheNeighbour) {
  sh("ip route add 198.51.100.0/24 via 192.0.2.254\n"
     "ip route add 2001:db8:1::/48 via 2001:db8::fe\n");
  const Resolution r = resolve({"198.51.100.7", "2001:db8:1::7"});
  EXPECT_EQ(r.found.at(ip("198.51.100.7")), via_gateway(kGateway, "192.0.2.1"));
  EXPECT_EQ(r.found.at(ip("2001:db8:1::7")), via_gateway(kGateway, "2001:db8::1"));
}

TEST_F(Routes, Ipv4RouteMayHaveAnIpv6Gateway) {
  sh("ip route add 198.51.100.0/24 via inet6 2001:db8::2 dev v0");
  EXPECT_EQ(resolve({"198.51.100.7"}).found.at(ip("198.51.100.7")),
            via_gateway(kPeer, "192.0.2.1"));
}

TEST_F(Routes, MoreSpecificRouteWins) {
  sh("ip route add 198.51.100.0/24 via 192.0.2.2\n"
     "ip route add 198.51.100.7/32 via 192.0.2.254\n");
  const Resolution r = resolve({"198.51.100.6", "198.51.100.7"});
  EXPECT_EQ(r.found.at(ip("198.51.100.6")), via_gateway(kPeer, "192.0.2.1"));
  EXPECT_EQ(r.found.at(ip("198.51.100.7")), via_gateway(kGateway, "192.0.2.1"));
}

TEST_F(Routes, RulesAreHonoured) {
  sh("ip route add 198.51.100.0/24 via 192.0.2.2\n"
     "ip route add 198.51.100.0/24 via 192.0.2.254 table 7\n"
     "ip rule add to 198.51.100.128/25 lookup 7\n");
  const Resolution r = resolve({"198.51.100.7", "198.51.100.200"});
  EXPECT_EQ(r.found.at(ip("198.51.100.7")), via_gateway(kPeer, "192.0.2.1"));
  EXPECT_EQ(r.found.at(ip("198.51.100.200")), via_gateway(kGateway, "192.0.2.1"));
}

TEST_F(Routes, MultipathGivesOneOfItsWaysAndKeepsToIt) {
  sh("ip route add 198.51.100.0/24 nexthop via 192.0.2.2 nexthop via 192.0.2.254\n"
     "ip route add 2001:db8:1::/48 nexthop via 2001:db8::2 nexthop via 2001:db8::fe\n");
  const Resolution first = resolve({"198.51.100.7", "2001:db8:1::7"});
  ASSERT_EQ(first.found.size(), 2u);
  for (const NextHops::value_type& hop : first.found)
    EXPECT_TRUE(hop.second.destination == mac(kPeer) || hop.second.destination == mac(kGateway));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(resolve({"198.51.100.7", "2001:db8:1::7"}), first);
}

TEST_F(Routes, NextHopObjectsAreFollowed) {
  sh("ip nexthop add id 1 via 192.0.2.254 dev v0\n"
     "ip route add 198.51.100.0/24 nhid 1\n");
  EXPECT_EQ(resolve({"198.51.100.7"}).found.at(ip("198.51.100.7")),
            via_gateway(kGateway, "192.0.2.1"));
}

TEST_F(Routes, PreferredSourceOfTheRouteIsTaken) {
  sh("ip addr add 192.0.2.77/32 dev lo\n"
     "ip addr add 2001:db8:77::1/128 dev lo nodad\n"
     "ip route add 198.51.100.0/24 via 192.0.2.2 src 192.0.2.77\n"
     "ip route add 2001:db8:1::/48 via 2001:db8::2 src 2001:db8:77::1\n");
  const Resolution r = resolve({"198.51.100.7", "2001:db8:1::7"});
  EXPECT_EQ(r.found.at(ip("198.51.100.7")), via_gateway(kPeer, "192.0.2.77"));
  EXPECT_EQ(r.found.at(ip("2001:db8:1::7")), via_gateway(kPeer, "2001:db8:77::1"));
}

TEST_F(Routes, SmallerMtuOfTheRouteCounts) {
  sh("ip route add 198.51.100.0/25 via 192.0.2.2 mtu 1400\n"
     "ip route add 198.51.100.128/25 via 192.0.2.2 mtu 9000\n"
     "ip route add 2001:db8:1::/48 via 2001:db8::2 mtu 1400\n");
  const Resolution r = resolve({"198.51.100.7", "198.51.100.200", "2001:db8:1::7"});
  EXPECT_EQ(r.found.at(ip("198.51.100.7")).mtu, 1400u);
  EXPECT_EQ(r.found.at(ip("198.51.100.200")).mtu, 1500u);
  EXPECT_EQ(r.found.at(ip("2001:db8:1::7")).mtu, 1400u);
}

TEST_F(Routes, RefusingRoutesAreNamed) {
  sh("ip route add unreachable 198.51.100.1\n"
     "ip route add blackhole 198.51.100.2\n"
     "ip route add prohibit 198.51.100.3\n"
     "ip route add throw 198.51.100.4\n"
     "ip route add unreachable 2001:db8:1::1\n"
     "ip route add blackhole 2001:db8:1::2\n"
     "ip route add prohibit 2001:db8:1::3\n");
  const std::map<IpAddress, std::string> expected = {
      {ip("198.51.100.1"), "the route is of type unreachable"},
      {ip("198.51.100.2"), "the route is of type blackhole"},
      {ip("198.51.100.3"), "the route is of type prohibit"},
      {ip("198.51.100.4"), "no route"},
      {ip("198.51.100.5"), "no route"},
      {ip("2001:db8:1::1"), "the route is of type unreachable"},
      {ip("2001:db8:1::2"), "the route is of type blackhole"},
      {ip("2001:db8:1::3"), "the route is of type prohibit"},
      {ip("2001:db8:1::5"), "no route"},
  };
  const Resolution r =
      resolve({"198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4", "198.51.100.5",
               "2001:db8:1::1", "2001:db8:1::2", "2001:db8:1::3", "2001:db8:1::5"});
  EXPECT_EQ(r.missing, expected);
  EXPECT_EQ(r.found.size(), 0u);
}

TEST_F(Routes, AddressesThatAreNoOtherHostAreRefused) {
  EXPECT_EQ(reason("192.0.2.1"), "the address belongs to this host");
  EXPECT_EQ(reason("2001:db8::1"), "the address belongs to this host");
  EXPECT_EQ(reason("127.0.0.1"), "the address belongs to this host");
  EXPECT_EQ(reason("192.0.2.255"), "it is a broadcast address");
  EXPECT_EQ(reason("fe80::1"), "a link-local address does not say on which link");
}

TEST_F(Routes, HostWithoutAnAddressToSendFromSaysSo) {
  sh("ip addr flush dev v0 scope global\n"
     "ip addr flush dev lo\n"
     "ip route add 198.51.100.0/24 dev v0\n"
     "ip -6 route add 2001:db8:1::/48 dev v0\n");
  EXPECT_EQ(reason("198.51.100.7"), "this host has no IPv4 address to send from");
  EXPECT_EQ(reason("2001:db8:1::7"), "this host has no IPv6 address to send from");
}

TEST_F(Routes, InterfaceThatCannotSendIsNamed) {
  peer_sh("ip link set v1 down");
  EXPECT_EQ(reason("192.0.2.2"), "interface v0 has no carrier");
  EXPECT_EQ(reason("2001:db8::2"), "interface v0 has no carrier");
  sh("ip link set v0 down");
  EXPECT_EQ(reason("192.0.2.2"), "no route");
}

TEST_F(Routes, InterfaceWithoutEthernetIsNamed) {
  sh("ip tuntap add t0 mode tun\n"
     "ip link set t0 up\n"
     "ip route add 198.51.100.0/24 dev t0 src 192.0.2.1\n");
  // A tun without a reader has no carrier, which is said first.
  EXPECT_EQ(reason("198.51.100.7"), "interface t0 has no carrier");
  sh("ip route replace 198.51.100.0/24 dev lo src 192.0.2.1");
  EXPECT_EQ(reason("198.51.100.7"), "interface lo is not an Ethernet");
}

TEST_F(Routes, FixedNextHopReplacesTheNeighbour) {
  const FixedNextHops fixed = {{"v0", mac("02:00:00:00:00:aa")}, {"v9", mac(kGateway)}};
  const Resolution r = resolve({"192.0.2.2", "192.0.2.99", "2001:db8::99"}, fixed);
  EXPECT_EQ(r.missing.size(), 0u);
  EXPECT_EQ(r.found.at(ip("192.0.2.2")), via_v0("02:00:00:00:00:aa", "192.0.2.1"));
  EXPECT_EQ(r.found.at(ip("192.0.2.99")), via_v0("02:00:00:00:00:aa", "192.0.2.1"));
  EXPECT_EQ(r.found.at(ip("2001:db8::99")), via_v0("02:00:00:00:00:aa", "2001:db8::1"));
  EXPECT_EQ(neighbour("192.0.2.99"), "") << "nobody needs it resolved";
}

// 10,000 backends behind a gateway, and as many on the link; prints the time of one resolve.
TEST_F(Routes, ManyBackendsAreResolvedWhole) {
  sh("ip route add 2001:db8:1::/48 via 2001:db8::fe\n"
     "for i in $(seq 10000); do printf 'neigh add 2001:db8::1:%x lladdr 02:00:00:01:00:02 "
     "nud permanent dev v0\\n' $i; done | ip -batch -\n");
  Result<Resolver> resolver = Resolver::create();
  ASSERT_TRUE(resolver);
  for (const char* prefix : {"2001:db8:1::1:", "2001:db8::1:"}) {
    std::vector<IpAddress> backends;
    for (int i = 1; i <= 10000; ++i) {
      char text[64];
      std::snprintf(text, sizeof text, "%s%x", prefix, i);
      backends.push_back(ip(text));
    }
    const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    Result<Resolution> r = resolver->resolve(backends, {});
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    ASSERT_TRUE(r) << r.error().message;
    EXPECT_EQ(r->found.size(), 10000u);
    std::printf("10,000 backends %sX: %.0f ms\n", prefix, took.count());
  }
}

}  // namespace
}  // namespace sluice
