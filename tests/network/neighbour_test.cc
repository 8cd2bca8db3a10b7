// SPDX-License-Identifier: Apache-2.0
// How neighbours become known, stay known, and are left alone.
#include <gmock/gmock.h>

#include "network/two_hosts.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class NeighbourEntries : public TwoHosts {};

TEST_F(NeighbourEntries, UnknownOneIsAskedForAndThenFound) {
  EXPECT_EQ(reason("192.0.2.2"), "no neighbour yet: resolving 192.0.2.2 on v0");
  EXPECT_EQ(resolve_until_found("192.0.2.2"), via_v0("02:00:00:00:00:02", "192.0.2.1"));
  EXPECT_EQ(reason("2001:db8::2"), "no neighbour yet: resolving 2001:db8::2 on v0");
  EXPECT_EQ(resolve_until_found("2001:db8::2"), via_v0("02:00:00:00:00:02", "2001:db8::1"));
}

TEST_F(NeighbourEntries, GatewayIsAskedForNotTheBackend) {
  sh("ip route add 198.51.100.0/24 via inet6 2001:db8::2 dev v0");
  EXPECT_EQ(reason("198.51.100.7"), "no neighbour yet: resolving 2001:db8::2 on v0");
  EXPECT_EQ(resolve_until_found("198.51.100.7"), via_gateway("02:00:00:00:00:02", "192.0.2.1"));
  EXPECT_EQ(neighbour("198.51.100.7"), "");
}

TEST_F(NeighbourEntries, SilentOneIsReportedAndFoundOnceItAnswers) {
  sh("echo 1 > /proc/sys/net/ipv4/neigh/v0/mcast_solicit\n"
     "echo 100 > /proc/sys/net/ipv4/neigh/v0/retrans_time_ms\n"
     "echo 100 > /proc/sys/net/ipv4/neigh/v0/interval_probe_time_ms\n");
  Watch watch;
  std::string why;
  EXPECT_TRUE(watch.until([&] {
    why = reason("192.0.2.3");
    return why == "no neighbour: 192.0.2.3 on v0 does not answer";
  })) << why;
  peer_sh("ip addr add 192.0.2.3/24 dev v1");
  EXPECT_EQ(resolve_until_found("192.0.2.3"), via_v0("02:00:00:00:00:02", "192.0.2.1"));
}

TEST_F(NeighbourEntries, OursAreManagedByTheKernelAndMarked) {
  resolve_until_found("192.0.2.2");
  EXPECT_THAT(neighbour("192.0.2.2"), HasSubstr("managed"));
  EXPECT_THAT(neighbour("192.0.2.2"), HasSubstr("proto 83"));
}

TEST_F(NeighbourEntries, OneTheKernelKnowsAlreadyIsUsedAtOnceAndKept) {
  sh("ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:07 nud stale dev v0");
  EXPECT_EQ(resolve({"192.0.2.2"}).found.at(ip("192.0.2.2")),
            via_v0("02:00:00:00:00:07", "192.0.2.1"));
  EXPECT_THAT(neighbour("192.0.2.2"), HasSubstr("managed"));
}

TEST_F(NeighbourEntries, NoLongerNeededOnesAreGivenBack) {
  resolve_until_found("192.0.2.2");
  ASSERT_THAT(neighbour("192.0.2.2"), HasSubstr("managed"));
  resolve({"2001:db8::2"});
  EXPECT_THAT(neighbour("192.0.2.2"), HasSubstr("lladdr 02:00:00:00:00:02"));
  EXPECT_THAT(neighbour("192.0.2.2"), Not(HasSubstr("managed")));
}

TEST_F(NeighbourEntries, OnesOfAnEarlierRunAreAdoptedAndGivenBack) {
  sh("ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 nud reachable dev v0\n"
     "ip neigh replace 192.0.2.2 dev v0 managed proto 83\n");
  resolve({"192.0.2.2"});
  ASSERT_THAT(neighbour("192.0.2.2"), HasSubstr("managed"));
  resolve({});
  EXPECT_THAT(neighbour("192.0.2.2"), Not(HasSubstr("managed")));
}

TEST_F(NeighbourEntries, OperatorsManagedOneStaysHis) {
  sh("ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 nud reachable dev v0\n"
     "ip neigh replace 192.0.2.2 dev v0 managed\n");
  resolve({"192.0.2.2"});
  resolve({});
  EXPECT_THAT(neighbour("192.0.2.2"), HasSubstr("managed"));
  EXPECT_THAT(neighbour("192.0.2.2"), Not(HasSubstr("proto")));
}

TEST_F(NeighbourEntries, PermanentOneIsHonouredAndNeverTouched) {
  sh("ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:99 nud permanent dev v0\n"
     "ip neigh add 2001:db8::2 lladdr 02:00:00:00:00:99 nud permanent dev v0\n");
  for (int i = 0; i < 3; ++i) {
    const Resolution r = resolve({"192.0.2.2", "2001:db8::2"});
    EXPECT_EQ(r.found.at(ip("192.0.2.2")), via_v0("02:00:00:00:00:99", "192.0.2.1"));
    EXPECT_EQ(r.found.at(ip("2001:db8::2")), via_v0("02:00:00:00:00:99", "2001:db8::1"));
  }
  resolve({});
  EXPECT_EQ(neighbour("192.0.2.2"), "192.0.2.2 lladdr 02:00:00:00:00:99 PERMANENT \n");
  EXPECT_EQ(neighbour("2001:db8::2"), "2001:db8::2 lladdr 02:00:00:00:00:99 PERMANENT \n");
}

TEST_F(NeighbourEntries, OneMadePermanentLaterIsNotTouchedEither) {
  resolve_until_found("192.0.2.2");
  sh("ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:99 nud permanent dev v0");
  EXPECT_EQ(resolve({"192.0.2.2"}).found.at(ip("192.0.2.2")),
            via_v0("02:00:00:00:00:99", "192.0.2.1"));
  resolve({});
  EXPECT_THAT(neighbour("192.0.2.2"), HasSubstr("lladdr 02:00:00:00:00:99 PERMANENT"));
}

TEST_F(NeighbourEntries, OneOfAnotherControlPlaneIsNotTouched) {
  sh("ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:99 nud reachable extern_learn dev v0");
  EXPECT_EQ(resolve({"192.0.2.2"}).found.at(ip("192.0.2.2")),
            via_v0("02:00:00:00:00:99", "192.0.2.1"));
  EXPECT_THAT(neighbour("192.0.2.2"), HasSubstr("extern_learn"));
  EXPECT_THAT(neighbour("192.0.2.2"), Not(HasSubstr("managed")));
}

TEST_F(NeighbourEntries, ZeroAddressIsNoAddress) {
  sh("ip neigh add 192.0.2.2 lladdr 00:00:00:00:00:00 nud permanent dev v0");
  EXPECT_EQ(reason("192.0.2.2"), "no neighbour: 192.0.2.2 on v0 has no Ethernet address");
}

TEST_F(NeighbourEntries, FlushedByACarrierFlapTheyComeBack) {
  resolve_until_found("192.0.2.2");
  peer_sh("ip link set v1 down");
  EXPECT_EQ(reason("192.0.2.2"), "interface v0 has no carrier");
  peer_sh("ip link set v1 up");
  EXPECT_EQ(resolve_until_found("192.0.2.2"), via_v0("02:00:00:00:00:02", "192.0.2.1"));
  EXPECT_THAT(neighbour("192.0.2.2"), HasSubstr("managed"));
}

}  // namespace
}  // namespace sluice
