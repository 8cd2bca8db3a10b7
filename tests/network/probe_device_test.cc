// SPDX-License-Identifier: Apache-2.0
// The device that probes leave by: what leads there, that nothing else does, and what is left of
// it.
#include "network/probe_device.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "network/routes.h"
#include "network/two_hosts.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kRules[] = "ip rule show priority 1; ip -6 rule show priority 1";

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string all;
  char part[512];
  while (pipe && std::fgets(part, sizeof part, pipe.get())) all += part;
  return all;
}

class ProbeDevices : public TwoHosts {
 protected:
  // Up, with its rules; fails the test if it is not.
  ProbeDevice started() {
    Result<ProbeDevice> device = ProbeDevice::create();
    EXPECT_TRUE(device) << device.error().message;
    ProbeDevice made = std::move(device).value();  // throws if there is none
    if (Result<void> r = made.start(); !r) ADD_FAILURE() << r.error().message;
    return made;
  }
  // The interface that a packet to `address` with this mark leaves by; 0 where there is no route.
  uint32_t way_of(const char* address, uint32_t mark) {
    Result<Netlink> netlink = Netlink::open();
    EXPECT_TRUE(netlink);
    Result<std::vector<Result<Route>>> routes = look_up_routes(*netlink, {ip(address)}, mark);
    EXPECT_TRUE(routes) << routes.error().message;
    return routes->at(0) ? routes->at(0)->ifindex : 0;
  }
  // Starts a device in another process and kills that. Returns when it is gone.
  void leave_a_killed_one_behind() {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
      Result<ProbeDevice> device = ProbeDevice::create();
      const char well = device && device->start() ? 'y' : 'n';
      if (write(ready[1], &well, 1) == 1) pause();
      _exit(1);
    }
    char well = 'n';
    EXPECT_EQ(read(ready[0], &well, 1), 1);
    close(ready[0]);
    close(ready[1]);
    EXPECT_EQ(well, 'y');
    EXPECT_EQ(kill(child, SIGKILL), 0);
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
  }
};

TEST_F(ProbeDevices, MarkedPacketsOfBothFamiliesLeaveByItAndNoOthers) {
  const ProbeDevice device = started();
  const uint32_t mark = device.rules().mark(0x123456);
  EXPECT_EQ(mark, 0x5b123456u);
  EXPECT_EQ(device.rules().missing_v6(), std::nullopt);
  for (const char* address : {"192.0.2.2", "2001:db8::2"}) {
    EXPECT_EQ(way_of(address, mark), device.ifindex());
    EXPECT_EQ(way_of(address, device.rules().mark(0)), device.ifindex());
    EXPECT_EQ(way_of(address, 0), ifindex("v0"));
    EXPECT_EQ(way_of(address, 0x5a123456), ifindex("v0"));
    EXPECT_EQ(way_of(address, 0x5c123456), ifindex("v0"));
  }
}

TEST_F(ProbeDevices, AsksNobodyForAnything) {
  const ProbeDevice device = started();
  const std::string link = output_of("ip -d link show dev " + device.name());
  EXPECT_THAT(link, HasSubstr("NOARP"));
  EXPECT_THAT(link, Not(HasSubstr("MULTICAST")));
  EXPECT_THAT(link, HasSubstr("mtu 65521"));
  EXPECT_THAT(link, HasSubstr("gso_max_segs 1 "));
  EXPECT_THAT(link, HasSubstr("LOWER_UP"));
  EXPECT_EQ(output_of("ip -6 address show dev " + device.name()), "");
}

TEST_F(ProbeDevices, EndsWithItsRules) {
  {
    const ProbeDevice device = started();
    EXPECT_THAT(output_of(kRules), HasSubstr("fwmark 0x5b000000/0xff000000"));
    EXPECT_NE(ifindex(device.name().c_str()), 0u);
  }
  EXPECT_EQ(output_of(kRules), "");
  EXPECT_EQ(output_of("ip -o link show | grep slprobe"), "");
}

TEST_F(ProbeDevices, OfAKilledProcessNothingIsLeftButRulesThatLeadNowhere) {
  ASSERT_NO_FATAL_FAILURE(leave_a_killed_one_behind());
  EXPECT_THAT(output_of(kRules), HasSubstr("0x5b000000"));
  EXPECT_EQ(way_of("192.0.2.2", 0x5b000001), ifindex("v0"));
  EXPECT_EQ(way_of("2001:db8::2", 0x5b000001), ifindex("v0"));
}

TEST_F(ProbeDevices, TakesTheRulesOfAKilledProcessOver) {
  ASSERT_NO_FATAL_FAILURE(leave_a_killed_one_behind());
  const std::string rules = output_of(kRules);
  {
    const ProbeDevice device = started();
    EXPECT_EQ(device.rules().mark(0), 0x5b000000u);
    EXPECT_EQ(output_of(kRules), rules) << "each is there once";
    EXPECT_EQ(way_of("192.0.2.2", 0x5b000001), device.ifindex());
    EXPECT_EQ(way_of("2001:db8::2", 0x5b000001), device.ifindex());
  }
  EXPECT_EQ(output_of(kRules), "");
}

TEST_F(ProbeDevices, EachOfTwoHasAMarkOfItsOwn) {
  const ProbeDevice first = started();
  {
    const ProbeDevice second = started();
    EXPECT_EQ(first.rules().mark(7), 0x5b000007u);
    EXPECT_EQ(second.rules().mark(7), 0x5c000007u);
    EXPECT_EQ(way_of("192.0.2.2", 0x5b000007), first.ifindex());
    EXPECT_EQ(way_of("192.0.2.2", 0x5c000007), second.ifindex());
  }
  EXPECT_EQ(way_of("192.0.2.2", 0x5b000007), first.ifindex());
  EXPECT_EQ(way_of("192.0.2.2", 0x5c000007), ifindex("v0"));
}

// One that was the second, and comes back to be the first.
TEST_F(ProbeDevices, TakesAwayTheRulesOfOtherKilledProcesses) {
  {
    const ProbeDevice first = started();
    ASSERT_NO_FATAL_FAILURE(leave_a_killed_one_behind());
    EXPECT_THAT(output_of(kRules), HasSubstr("0x5c000000"));
  }
  const ProbeDevice again = started();
  EXPECT_EQ(again.rules().mark(0), 0x5b000000u);
  EXPECT_THAT(output_of(kRules), Not(HasSubstr("0x5c000000")));
  const ProbeDevice other = started();
  EXPECT_EQ(other.rules().mark(0), 0x5c000000u);
  EXPECT_EQ(way_of("192.0.2.2", 0x5b000001), again.ifindex()) << "the living one is left alone";
}

TEST_F(ProbeDevices, LeavesMarksAndTablesOfOthersToThem) {
  sh("ip rule add fwmark 0x5b000007 lookup 99 priority 300\n"
     "ip rule add fwmark 0x7/0xff lookup 99 priority 301\n"
     "ip route add 198.51.100.0/24 dev v0 table 23297\n"  // not where we want ours
     "ip route add default dev v0 table 23298\n");
  const ProbeDevice first = started(), second = started();
  EXPECT_EQ(first.rules().mark(0), 0x5c000000u);
  EXPECT_EQ(second.rules().mark(0), 0x5e000000u);
}

TEST_F(ProbeDevices, SaysSoWhenNoMarkIsLeft) {
  const ProbeDevice taken[] = {started(), started(), started(), started()};
  EXPECT_EQ(taken[3].rules().mark(0), 0x5e000000u);
  Result<ProbeDevice> fifth = ProbeDevice::create();
  ASSERT_TRUE(fifth) << fifth.error().message;
  const Result<void> start = fifth->start();
  ASSERT_FALSE(start);
  EXPECT_THAT(start.error().message, StartsWith("no mark is left for probes"));
  EXPECT_EQ(way_of("192.0.2.2", 0x5e000001), taken[3].ifindex());
}

TEST_F(ProbeDevices, DoesWithoutIpv6) {
  sh("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
  const ProbeDevice device = started();
  EXPECT_TRUE(device.rules().missing_v6());
  EXPECT_EQ(way_of("192.0.2.2", device.rules().mark(1)), device.ifindex());
}

}  // namespace
}  // namespace sluice
