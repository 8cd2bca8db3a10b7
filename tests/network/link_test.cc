// SPDX-License-Identifier: Apache-2.0
// What is read about interfaces and their addresses.
#include <gmock/gmock.h>

#include "network/links.h"
#include "network/two_hosts.h"

namespace sluice {
namespace {

using ::testing::Contains;
using ::testing::Not;

class Links : public TwoHosts {
 protected:
  Link link(const char* name) {
    Result<std::optional<Link>> found = find_link(netlink_.value(), name);
    EXPECT_TRUE(found && *found) << name;
    return found && *found ? **found : Link();
  }
  void SetUp() override {
    TwoHosts::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    Result<Netlink> netlink = Netlink::open();
    ASSERT_TRUE(netlink) << netlink.error().message;
    netlink_.emplace(std::move(*netlink));
  }
  std::optional<Netlink> netlink_;
};

TEST_F(Links, AreReadWhole) {
  const Link v0 = {.ifindex = ifindex("v0"),
                   .name = "v0",
                   .mac = mac("02:00:00:00:00:01"),
                   .mtu = 1500,
                   .up = true,
                   .carrier = true,
                   .master = 0};
  EXPECT_EQ(link("v0"), v0);
  Result<std::vector<Link>> all = list_links(*netlink_);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->size(), 2u);
  EXPECT_THAT(*all, Contains(v0));
}

TEST_F(Links, CarrierIsNotUp) {
  peer_sh("ip link set v1 down");
  EXPECT_TRUE(link("v0").up);
  EXPECT_FALSE(link("v0").carrier);
  sh("ip link set v0 down");
  EXPECT_FALSE(link("v0").up);
}

TEST_F(Links, MasterIsNamed) {
  sh("ip link add b0 type bridge && ip link set v0 master b0");
  EXPECT_EQ(link("v0").master, ifindex("b0"));
  EXPECT_EQ(link("b0").master, 0u);
}

TEST_F(Links, UnknownNameIsNotAnError) {
  Result<std::optional<Link>> found = find_link(*netlink_, "v9");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_FALSE(found->has_value());
}

TEST_F(Links, AddressesOfBothFamiliesAreListed) {
  sh("ip addr add 198.51.100.1 peer 198.51.100.2/32 dev v0");
  Result<std::vector<LinkAddress>> all = list_addresses(*netlink_);
  ASSERT_TRUE(all) << all.error().message;
  const uint32_t v0 = ifindex("v0");
  EXPECT_THAT(*all, Contains(LinkAddress{v0, ip("192.0.2.1"), 24}));
  EXPECT_THAT(*all, Contains(LinkAddress{v0, ip("198.51.100.1"), 32}));
  EXPECT_THAT(*all, Contains(LinkAddress{v0, ip("2001:db8::1"), 64}));
  EXPECT_THAT(*all, Contains(LinkAddress{ifindex("lo"), ip("127.0.0.1"), 8}));
}

TEST_F(Links, ManyLinksAreListedWhole) {
  sh("for i in $(seq 500); do echo link add d$i type veth peer name e$i; done | ip -batch -");
  Result<std::vector<Link>> all = list_links(*netlink_);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->size(), 1002u);
}

}  // namespace
}  // namespace sluice
