// SPDX-License-Identifier: Apache-2.0
// Every change that matters is seen, told once, and what does not matter is not told.
#include "network/two_hosts.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;

class Changes : public TwoHosts {
 protected:
  void SetUp() override {
    TwoHosts::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sh("ip neigh add 192.0.2.254 lladdr 02:00:00:00:00:fe nud permanent dev v0");
    resolve_until_found("192.0.2.2");
  }
  // Makes a change and waits for the Monitor to tell and the resolver to give `expected`.
  void expect_after(const std::string& commands, const char* backend, const NextHop& expected) {
    Watch watch;
    sh(commands);
    NextHop last;
    EXPECT_TRUE(watch.until([&] {
      if (watch.calls == 0) return false;
      last = resolve({backend}).found[ip(backend)];
      return last == expected;
    })) << commands
        << ": " << last.destination.to_string() << " mtu " << last.mtu;
  }
  // Whether a Monitor that knows the neighbour 192.0.2.9 tells of what `commands` do. The kernel
  // has queued its events by the time a command ends, so the wait is not a race.
  bool told_after(const std::string& commands) {
    Watch watch;
    sh("ip neigh replace 192.0.2.9 lladdr 02:00:00:00:00:09 nud reachable dev v0");
    watch.until(
        [&] {
          if (watch.calls == 1) sh(commands);
          return watch.calls == 2;
        },
        milliseconds(200));
    EXPECT_GE(watch.calls, 1);
    return watch.calls > 1;
  }
};

TEST_F(Changes, GatewaysNewAddressIsSeen) {
  sh("ip neigh replace 192.0.2.253 lladdr 02:00:00:00:00:fd nud reachable dev v0\n"
     "ip route add 198.51.100.0/24 via 192.0.2.253\n");
  ASSERT_EQ(resolve({"198.51.100.7"}).found.at(ip("198.51.100.7")),
            via_gateway("02:00:00:00:00:fd", "192.0.2.1"));
  expect_after("ip neigh replace 192.0.2.253 lladdr 02:00:00:00:00:fc nud reachable dev v0",
               "198.51.100.7", via_gateway("02:00:00:00:00:fc", "192.0.2.1"));
}

TEST_F(Changes, GratuitousArpIsSeen) {
  sh("echo 0 > /proc/sys/net/ipv4/neigh/v0/locktime");
  Watch watch;
  peer_sh(
      "echo 1 > /proc/sys/net/ipv4/conf/v1/arp_notify\n"
      "ip link set v1 address 02:00:00:00:00:22\n");
  EXPECT_TRUE(watch.until([&] {
    return resolve({"192.0.2.2"}).found[ip("192.0.2.2")] ==
           via_v0("02:00:00:00:00:22", "192.0.2.1");
  }));
}

TEST_F(Changes, GratuitousArpDoesNotMoveAPermanentNeighbour) {
  sh("echo 0 > /proc/sys/net/ipv4/neigh/v0/locktime\n"
     "ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 nud permanent dev v0\n");
  peer_sh(
      "echo 1 > /proc/sys/net/ipv4/conf/v1/arp_notify\n"
      "ip link set v1 address 02:00:00:00:00:22\n");
  EXPECT_EQ(resolve({"192.0.2.2"}).found.at(ip("192.0.2.2")),
            via_v0("02:00:00:00:00:02", "192.0.2.1"));
}

TEST_F(Changes, RouteIsSeen) {
  expect_after("ip route add 198.51.100.0/24 via 192.0.2.254", "198.51.100.7",
               via_gateway("02:00:00:00:00:fe", "192.0.2.1"));
  expect_after("ip route replace 198.51.100.0/24 via 192.0.2.2", "198.51.100.7",
               via_gateway("02:00:00:00:00:02", "192.0.2.1"));
  expect_after("ip route del 198.51.100.0/24", "198.51.100.7", NextHop());
}

TEST_F(Changes, Ipv6RouteIsSeen) {
  sh("ip neigh add 2001:db8::fe lladdr 02:00:00:00:00:fe nud permanent dev v0");
  expect_after("ip route add 2001:db8:1::/48 via 2001:db8::fe", "2001:db8:1::7",
               via_gateway("02:00:00:00:00:fe", "2001:db8::1"));
}

TEST_F(Changes, RuleIsSeen) {
  sh("ip route add 198.51.100.0/24 via 192.0.2.2\n"
     "ip route add 198.51.100.0/24 via 192.0.2.254 table 7\n");
  expect_after("ip rule add to 198.51.100.0/24 lookup 7", "198.51.100.7",
               via_gateway("02:00:00:00:00:fe", "192.0.2.1"));
}

TEST_F(Changes, NextHopObjectIsSeen) {
  sh("echo 0 > /proc/sys/net/ipv4/nexthop_compat_mode\n"
     "ip nexthop add id 1 via 192.0.2.2 dev v0\n"
     "ip route add 198.51.100.0/24 nhid 1\n");
  expect_after("ip nexthop replace id 1 via 192.0.2.254 dev v0", "198.51.100.7",
               via_gateway("02:00:00:00:00:fe", "192.0.2.1"));
}

TEST_F(Changes, SourceAddressIsSeen) {
  expect_after(
      "ip addr add 192.0.2.5/24 dev v0\n"
      "ip addr del 192.0.2.1/24 dev v0\n"
      "ip addr replace 192.0.2.5/24 dev v0\n",
      "192.0.2.2", via_v0("02:00:00:00:00:02", "192.0.2.5"));
}

TEST_F(Changes, MtuIsSeen) {
  NextHop expected = via_v0("02:00:00:00:00:fe", "192.0.2.1");
  for (const uint32_t mtu : {1400u, 9000u}) {
    expected.mtu = mtu;
    expect_after("ip link set v0 mtu " + std::to_string(mtu), "192.0.2.254", expected);
  }
}

TEST_F(Changes, OwnAddressIsSeen) {
  // The kernel forgets every neighbour of the interface at this, and resolves ours again.
  NextHop expected = via_v0("02:00:00:00:00:02", "192.0.2.1");
  expected.source = mac("02:00:00:00:00:11");
  expect_after("ip link set v0 address 02:00:00:00:00:11", "192.0.2.2", expected);
}

TEST_F(Changes, RenameIsSeenAndKeepsTheIndex) {
  NextHop expected = via_v0("02:00:00:00:00:fe", "192.0.2.1");
  expected.interface = "uplink";
  // Linux before 6.2 renames no device that is up; and neighbours go with its going down.
  expect_after(
      "ip link set v0 name uplink 2>/dev/null ||\n"
      "{ ip link set v0 down; ip link set v0 name uplink; ip link set uplink up;\n"
      "  ip neigh add 192.0.2.254 lladdr 02:00:00:00:00:fe nud permanent dev uplink; }",
      "192.0.2.254", expected);
}

TEST_F(Changes, LinkDownAndUpAreSeen) {
  Watch down;
  peer_sh("ip link set v1 down");
  EXPECT_TRUE(down.until([&] { return down.calls && reason("192.0.2.2") != ""; }));
  Watch up;
  peer_sh("ip link set v1 up");
  EXPECT_TRUE(up.until([&] { return up.calls && reason("192.0.2.2") == ""; }));
}

TEST_F(Changes, DeletedAndRecreatedLinkIsSeenUnderItsNewIndex) {
  const uint32_t old_index = ifindex("v0");
  Watch watch;
  sh("ip link del v0");
  bool made = false;
  EXPECT_TRUE(watch.until([&] {
    if (watch.calls == 0) return false;
    if (!made) {
      EXPECT_EQ(reason("192.0.2.254"), "no route");
      sh("ip link add v0 address 02:00:00:00:00:01 type veth peer name v1\n"
         "ip link set v1 up && ip link set v0 up && ip addr add 192.0.2.1/24 dev v0\n"
         "ip neigh add 192.0.2.254 lladdr 02:00:00:00:00:fe nud permanent dev v0\n");
      made = true;
    }
    return resolve({"192.0.2.254"}).found[ip("192.0.2.254")] ==
           via_v0("02:00:00:00:00:fe", "192.0.2.1");
  }));
  EXPECT_NE(ifindex("v0"), old_index);
}

TEST_F(Changes, TimersOfANeighbourAreNotTold) {
  EXPECT_FALSE(
      told_after("ip neigh replace 192.0.2.9 lladdr 02:00:00:00:00:09 nud stale dev v0\n"
                 "ip neigh replace 192.0.2.9 lladdr 02:00:00:00:00:09 nud delay dev v0\n"
                 "ip neigh replace 192.0.2.9 lladdr 02:00:00:00:00:09 nud probe dev v0\n"
                 "ip neigh replace 192.0.2.9 lladdr 02:00:00:00:00:09 nud reachable dev v0\n"));
}

TEST_F(Changes, NeighbourThatMovesFailsOrGoesIsTold) {
  EXPECT_TRUE(told_after("ip neigh replace 192.0.2.9 lladdr 02:00:00:00:00:0a nud stale dev v0"));
  EXPECT_TRUE(told_after("ip neigh replace 192.0.2.9 nud failed dev v0"));
  EXPECT_TRUE(told_after("ip neigh del 192.0.2.9 dev v0"));
}

TEST_F(Changes, BridgesLearningIsNotTold) {
  sh("ip link add b0 type bridge && ip link add d0 type veth peer name d1\n"
     "ip link set d0 master b0 && ip link set b0 up && ip link set d0 up && ip link set d1 up\n");
  // The links' own coming up may be told late: what must not be told each time is the learning.
  bool told = true;
  for (int i = 0; told && i < 10; i++)
    told = told_after("bridge fdb add 02:00:00:00:00:7" + std::to_string(i) +
                      " dev d0 master dynamic");
  EXPECT_FALSE(told);
}

TEST_F(Changes, BurstIsToldOnce) {
  Watch watch;
  sh("for i in $(seq 2000); do echo route add 2001:db8:2::$i/128 via 2001:db8::2; done"
     " | ip -batch -");
  watch.until([] { return false; }, milliseconds(200));
  EXPECT_EQ(watch.calls, 1);
  EXPECT_EQ(watch.overruns, 0);
}

// The changes of a storm that overran the buffer, and those after it, are all seen in the end.
TEST_F(Changes, OverrunEndsInTheTruth) {
  Watch watch(4096);
  sh("for i in $(seq 5000); do\n"
     "  printf 'neigh replace 192.0.2.254 lladdr 02:00:00:00:%02x:%02x nud permanent dev v0\\n'"
     " $((i / 256)) $((i % 256))\n"
     "  echo link set v0 mtu $((1400 + i % 2))\n"
     "done | ip -batch -\n"
     "ip neigh replace 192.0.2.254 lladdr 02:00:00:00:00:ee nud permanent dev v0\n"
     "ip link set v0 mtu 1300\n");
  NextHop expected = via_v0("02:00:00:00:00:ee", "192.0.2.1");
  expected.mtu = 1300;
  bool resynchronised = false;
  EXPECT_TRUE(watch.until([&] {
    if (watch.overruns == 0) return false;
    const NextHop now = resolve({"192.0.2.254"}).found[ip("192.0.2.254")];
    if (resynchronised) return now == expected;
    EXPECT_EQ(now, expected);
    resynchronised = true;
    expected.destination = mac("02:00:00:00:00:ef");
    sh("ip neigh replace 192.0.2.254 lladdr 02:00:00:00:00:ef nud permanent dev v0");
    return false;
  }));
  EXPECT_GE(watch.overruns, 1);
}

TEST_F(Changes, CallbackMayDestroyItsMonitor) {
  Result<EventLoop> loop = EventLoop::create();
  ASSERT_TRUE(loop);
  std::optional<Monitor> monitor;
  int calls = 0;
  Result<Monitor> made = Monitor::create(*loop, [&](bool) {
    ++calls;
    monitor.reset();
    loop->stop();
  });
  ASSERT_TRUE(made) << made.error().message;
  monitor.emplace(std::move(*made));
  sh("ip link set v0 mtu 1400");
  ASSERT_TRUE(loop->run());
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace sluice
