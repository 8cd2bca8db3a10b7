// SPDX-License-Identifier: Apache-2.0
// Where probes come from, and what of this host's own is in their way.
#include <gmock/gmock.h>
#include <unistd.h>

#include "network/probe_device.h"
#include "network/probe_paths.h"
#include "network/two_hosts.h"

namespace sluice {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kVip4[] = "198.51.100.10", kVip6[] = "2001:db8:1::10";

class ProbePaths : public TwoHosts {
 protected:
  void SetUp() override {
    TwoHosts::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sh("sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.v0.rp_filter=0\n"
       "ip route add default via 192.0.2.2\n"
       "ip route add default via 2001:db8::2\n");
    Result<ProbeDevice> device = ProbeDevice::create();
    ASSERT_TRUE(device) << device.error().message;
    device_.emplace(std::move(*device));
    const Result<void> start = device_->start();
    ASSERT_TRUE(start) << start.error().message;
  }
  void TearDown() override {
    device_.reset();
    TwoHosts::TearDown();
  }
  Result<ProbePath> path(const char* vip, const char* backend) {
    Result<Netlink> netlink = Netlink::open();
    if (!netlink) return netlink.error();
    Result<std::vector<Result<ProbePath>>> paths = find_probe_paths(
        *netlink, {{ip(vip), ip(backend)}}, vips_, device_->rules().mark(1), device_->ifindex());
    if (!paths) return Error{"all: " + paths.error().message};
    return paths->at(0);
  }
  std::string source(const char* vip, const char* backend) {
    const Result<ProbePath> found = path(vip, backend);
    EXPECT_TRUE(found) << found.error().message;
    return found ? found->source.to_string() : "";
  }
  std::string doubt(const char* vip, const char* backend) {
    const Result<ProbePath> found = path(vip, backend);
    EXPECT_TRUE(found) << found.error().message;
    return found ? found->doubt : "";
  }
  std::string problem(const char* vip, const char* backend) {
    const Result<ProbePath> found = path(vip, backend);
    EXPECT_FALSE(found) << found->source.to_string();
    return found ? "" : found.error().message;
  }

  std::vector<IpPrefix> vips_ = {*IpPrefix::parse(kVip4), *IpPrefix::parse(kVip6)};
  std::optional<ProbeDevice> device_;
};

TEST_F(ProbePaths, TheSourceIsOfTheVipsFamily) {
  EXPECT_EQ(source(kVip4, "192.0.2.2"), "192.0.2.1");
  EXPECT_EQ(source(kVip6, "2001:db8::2"), "2001:db8::1");
  EXPECT_EQ(source(kVip4, "2001:db8::2"), "192.0.2.1");
  EXPECT_EQ(source(kVip6, "192.0.2.2"), "2001:db8::1");
  EXPECT_EQ(doubt(kVip4, "192.0.2.2"), "");
}

TEST_F(ProbePaths, TheSourceIsTheOneOnTheWayToTheBackend) {
  sh("ip link add v2 type veth peer name v3\n"
     "ip link set v2 addrgenmode none up\n"
     "ip link set v3 addrgenmode none up\n"
     "ip addr add 203.0.113.1/24 dev v2\n");
  EXPECT_EQ(source(kVip4, "203.0.113.2"), "203.0.113.1");
  EXPECT_EQ(source(kVip4, "192.0.2.2"), "192.0.2.1");
}

TEST_F(ProbePaths, AVipIsNoSource) {
  sh("ip addr add 192.0.2.77/24 dev v0\n"
     "ip addr add 192.0.2.1/32 dev lo\n");
  vips_.push_back(*IpPrefix::parse("192.0.2.1"));
  EXPECT_EQ(source(kVip4, "192.0.2.2"), "192.0.2.77");
  vips_.push_back(*IpPrefix::parse("192.0.2.64/26"));
  EXPECT_THAT(problem(kVip4, "192.0.2.2"), HasSubstr("no IPv4 address but VIPs"));
}

TEST_F(ProbePaths, NoAddressOfTheFamilyIsAnError) {
  sh("ip -6 addr del 2001:db8::1/64 dev v0");
  EXPECT_NE(problem(kVip6, "192.0.2.2"), "");
  EXPECT_EQ(source(kVip4, "192.0.2.2"), "192.0.2.1");
}

TEST_F(ProbePaths, AVipOfThisHostIsAnError) {
  sh("ip addr add 198.51.100.10/32 dev lo\n"
     "ip addr add 2001:db8:1::10/128 dev lo nodad\n");
  for (const auto& [vip, backend] : {std::pair(kVip4, "192.0.2.2"), {kVip6, "2001:db8::2"}})
    EXPECT_THAT(problem(vip, backend),
                AllOf(HasSubstr(vip), HasSubstr("an address of this host"), HasSubstr("direct")));
}

TEST_F(ProbePaths, AVipInALocalPrefixIsAnError) {
  sh("ip route add local 198.51.100.0/24 dev lo");
  EXPECT_THAT(problem(kVip4, "192.0.2.2"), HasSubstr("the address belongs to this host"));
}

TEST_F(ProbePaths, RulesOfOthersThatComeFirstAreAnError) {
  // Of two with one priority the older one comes first.
  sh("ip rule add to 198.51.100.0/24 lookup main priority 0");
  EXPECT_THAT(problem(kVip4, "192.0.2.2"), AllOf(HasSubstr("led to v0"), HasSubstr("rule")));
}

TEST_F(ProbePaths, ADeviceThatIsGoneIsAnError) {
  EXPECT_TRUE(device_->alive());
  sh("ip link del " + device_->name());
  EXPECT_FALSE(device_->alive());
  EXPECT_THAT(problem(kVip4, "192.0.2.2"), AllOf(HasSubstr("led to v0"), HasSubstr("is gone")));
}

// This host's own fault, and not the backend's.
TEST_F(ProbePaths, AWayToTheBackendThatIsDownIsAnError) {
  peer_sh("ip link set v1 down");
  EXPECT_THAT(problem(kVip4, "192.0.2.2"), HasSubstr("by v0, which has no carrier"));
  sh("ip link set v0 down");
  EXPECT_NE(problem(kVip4, "192.0.2.2"), "");
}

TEST_F(ProbePaths, AnnouncingAVipByABlackholeIsNoObstacle) {
  sh("ip route add blackhole 198.51.100.10/32");
  EXPECT_EQ(source(kVip4, "192.0.2.2"), "192.0.2.1");
  EXPECT_EQ(doubt(kVip4, "192.0.2.2"), "");
}

TEST_F(ProbePaths, ReversePathFiltersThatDropAnswersAreToldOf) {
  sh("ip link add v2 type veth peer name v3\n"
     "ip link set v2 addrgenmode none up\n"
     "ip link set v3 addrgenmode none up\n"
     "ip route add 198.51.100.0/24 dev v2\n");
  EXPECT_EQ(doubt(kVip4, "192.0.2.2"), "");
  sh("sysctl -qw net.ipv4.conf.v0.rp_filter=1");
  EXPECT_THAT(doubt(kVip4, "192.0.2.2"),
              AllOf(HasSubstr("leads to v2"), HasSubstr("conf.v0.rp_filter"), HasSubstr("0 or 2")));
  sh("sysctl -qw net.ipv4.conf.all.rp_filter=2");
  EXPECT_EQ(doubt(kVip4, "192.0.2.2"), "") << "the larger one counts: loose";
  sh("ip route del 198.51.100.0/24 dev v2");
  EXPECT_EQ(doubt(kVip4, "192.0.2.2"), "");
  sh("ip route add blackhole 198.51.100.0/24");
  EXPECT_THAT(doubt(kVip4, "192.0.2.2"), AllOf(HasSubstr("no route"), HasSubstr("to 0")));
}

}  // namespace
}  // namespace sluice
