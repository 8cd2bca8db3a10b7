// SPDX-License-Identifier: Apache-2.0
// mode: offload where it cannot be: the message names what is in the way, and nothing is loaded.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <unistd.h>

#include "kernel/dataplane.h"
#include "kernel/device_dataplane.h"
#include "kernel/xdp_link.h"
#include "lab/check.h"
#include "netns/host.h"
#include "netns/lab.h"
#include "netns/netlink.h"
#include "netns/xdp.h"
#include "packet/fixture.h"
#include "plan/device.h"

namespace sluice::test {
namespace {

using netns::Host;
using netns::Lab;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

Image image_of(const Scenario& s) {
  RingCache rings;
  return compile(desire(s.config, s.next_hops, s.macs), rings);
}

Result<std::unique_ptr<DeviceDataplane>> load(const Device& device, const Capacity& capacity) {
  return DeviceDataplane::load(device, capacity, hash_key_from_seed("a seed"));
}

TEST(DeviceRefusal, NamesTheDriverThatTakesNoPrograms) {
  std::unique_ptr<Lab> lab;
  std::unique_ptr<Host> host;
  LAB_ASSERT_OK_AND(lab, Lab::create());
  LAB_ASSERT_OK_AND(host, Host::create(*lab, "host"));
  LAB_ASSERT_OK(host->netlink().add_veth({"one", MacAddress({2, 0, 0, 0, 0, 1})},
                                         {"two", MacAddress({2, 0, 0, 0, 0, 2})}, host->fd(),
                                         1500));
  const Capacity capacity = device_capacity_for(image_of(one_backend(false)), 251);
  for (const std::string name : {"lo", "one"}) {
    netns::LinkState link;
    LAB_ASSERT_OK_AND(link, host->netlink().link(name));
    const Device device = {.name = name, .ifindex = uint32_t(link.ifindex)};
    const auto loaded = host->run([&] { return load(device, capacity); });
    ASSERT_FALSE(loaded) << name;
    EXPECT_THAT(loaded.error().message,
                StartsWith(name + ": offload: the driver takes no BPF programs onto the device: "));
  }
}

// A driver that runs no programs is given none in another mode either.
TEST(DeviceRefusal, AttachesNothingInstead) {
  std::unique_ptr<Lab> lab;
  std::unique_ptr<Host> host;
  LAB_ASSERT_OK_AND(lab, Lab::create());
  LAB_ASSERT_OK_AND(host, Host::create(*lab, "host"));
  netns::LinkState lo;
  LAB_ASSERT_OK_AND(lo, host->netlink().link("lo"));
  const auto loaded =
      load({.name = "host"}, device_capacity_for(image_of(one_backend(false)), 251));
  ASSERT_TRUE(loaded) << loaded.error().message;
  const std::string pin = lab->bpffs() + "/link-lo";
  const auto link = host->run([&] {
    return XdpLink::create({.name = "lo", .mode = AttachMode::kOffload}, uint32_t(lo.ifindex),
                           (*loaded)->program_fd(), pin);
  });
  ASSERT_FALSE(link);
  EXPECT_THAT(link.error().message, StartsWith("attach to lo in offload mode: "));
  EXPECT_NE(::access(pin.c_str(), F_OK), 0);
  netns::XdpState now;
  LAB_ASSERT_OK_AND(now, netns::xdp_state(*host, "lo"));
  EXPECT_EQ(now.mode, netns::XdpMode::kNone);
}

TEST(DeviceRefusal, NamesTheTableThatTheDeviceHasNoRoomFor) {
  Capacity capacity = device_capacity_for(image_of(one_backend(false)), 65537);
  capacity.rings = 70000;
  const auto loaded = load({.name = "eth0"}, capacity);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message,
              HasSubstr("eth0: offload: the device takes no array of 4587590000 entries of 4 bytes"
                        " (rings): "));
}

TEST(DeviceRefusal, NamesThePrefix) {
  Scenario s = one_backend(false);
  s.config.services[0].vips.push_back(*IpPrefix::parse("198.51.100.0/24"));
  const Result<void> r = check_device(image_of(s), 0);
  ASSERT_FALSE(r);
  EXPECT_THAT(r.error().message, AllOf(HasSubstr("service \"web\""), HasSubstr("198.51.100.0/24")));
}

TEST(DeviceRefusal, NamesTheBackendWhoseChecksumNobodyCanCompute) {
  Scenario s = one_backend(true);
  Forward& forward = s.config.pools["pool"].backends[0].forward;
  forward = {.tunnel = Tunnel::kGue, .port = 6080};
  const Result<void> r = check_device(image_of(s), 0);
  ASSERT_FALSE(r);
  EXPECT_THAT(r.error().message, AllOf(HasSubstr("2001:db8:b::11"), HasSubstr("checksum: false")));
  forward.checksum_v6 = false;
  EXPECT_TRUE(check_device(image_of(s), 0));
}

TEST(DeviceRefusal, NamesTheBackendBehindAnotherInterface) {
  Scenario s = one_backend(false);
  EXPECT_TRUE(check_device(image_of(s), kIngress));
  add_backend(s, "203.0.113.12", 100, kElsewhere);
  const Result<void> r = check_device(image_of(s), kIngress);
  ASSERT_FALSE(r);
  EXPECT_THAT(r.error().message, AllOf(HasSubstr("203.0.113.12"), HasSubstr("another interface")));
}

TEST(DeviceCapacity, HasRoomForWhatItIsMadeForAndItsSuccessor) {
  const Image image = image_of(one_backend(false));
  const Capacity capacity = device_capacity_for(image, 65537);
  EXPECT_TRUE(check_fits(image, capacity));
  EXPECT_LT(uint64_t(capacity.rings) * 65537, 1'000'000u) << "entries for one service's ring";
}

}  // namespace
}  // namespace sluice::test
