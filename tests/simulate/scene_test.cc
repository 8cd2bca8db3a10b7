// SPDX-License-Identifier: Apache-2.0
// What a configuration and a few facts say of a host.
#include "simulate/scene.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

const MacAddress kA = *MacAddress::parse("02:00:00:00:00:0a"),
                 kB = *MacAddress::parse("02:00:00:00:00:0b");
const IpAddress kBackend4 = *IpAddress::parse("203.0.113.11"),
                kBackend6 = *IpAddress::parse("2001:db8:b::11");

Config config_of(std::vector<Interface> interfaces) {
  Config config = {.interfaces = std::move(interfaces)};
  config.pools["web"] = {.name = "web", .backends = {{.name = "be1", .address = kBackend4}}};
  return config;
}

Scene scene_of(const Config& config, const HostFacts& facts = {}) {
  const Result<Scene> scene = set_scene(config, facts);
  if (!scene) throw std::runtime_error(scene.error().message);
  return *scene;
}

NextHop way(const Config& config, const HostFacts& facts = {}) {
  return scene_of(config, facts).next_hops.at(kBackend4);
}

TEST(Scene, BackendsAreWherePacketsComeInUnlessOnlyOthersHaveANextHop) {
  const Interface plain0 = {.name = "eth0"}, plain1 = {.name = "eth1"};
  const Interface fixed0 = {.name = "eth0", .next_hop = kA};
  const Interface fixed1 = {.name = "eth1", .next_hop = kB};
  const Interface fixed2 = {.name = "eth2", .next_hop = kA};
  EXPECT_EQ(way(config_of({plain0, plain1})).interface, "eth0");
  EXPECT_EQ(way(config_of({fixed0, fixed1})).interface, "eth0");
  EXPECT_EQ(way(config_of({plain0, fixed1, fixed2})).interface, "eth1");
  EXPECT_EQ(way(config_of({plain0, fixed1})).destination, kB);
  EXPECT_EQ(way(config_of({plain0, plain1}), {.ingress = "eth1"}).interface, "eth1");
  EXPECT_EQ(way(config_of({fixed0, fixed1}), {.ingress = "eth1"}).destination, kB);
  EXPECT_EQ(way(config_of({fixed0, plain1}), {.egress = "eth1"}).interface, "eth1");
}

TEST(Scene, PacketsComeInByTheIndexOfATestRun) {
  const Config config = config_of({{.name = "eth0"}, {.name = "eth1"}, {.name = "eth2"}});
  EXPECT_THAT(scene_of(config, {.ingress = "eth1"}).interfaces,
              ElementsAre(Pair(1, "eth1"), Pair(2, "eth0"), Pair(3, "eth2")));
  EXPECT_EQ(way(config, {.ingress = "eth1"}).ifindex, 1u);
  EXPECT_EQ(way(config, {.ingress = "eth1", .egress = "eth2"}).ifindex, 3u);
}

TEST(Scene, TheModeIsThatOfWherePacketsComeIn) {
  const Config config = config_of({{.name = "eth0"}, {.name = "eth1", .mode = AttachMode::kTc}});
  EXPECT_EQ(scene_of(config, {.egress = "eth1"}).mode, AttachMode::kAuto);
  EXPECT_EQ(scene_of(config, {.ingress = "eth1"}).mode, AttachMode::kTc);
}

TEST(Scene, FactsAreTaken) {
  const IpAddress local = *IpAddress::parse("203.0.113.2");
  const HostFacts facts = {
      .mac = kA,
      .next_hop = kB,
      .local = {*IpAddress::parse("2001:db8:b::2"), local, *IpAddress::parse("203.0.113.3")},
      .mtu = 9000};
  Config config = config_of({{.name = "eth0"}});
  config.pools["web"].backends.push_back({.name = "be2", .address = kBackend6});
  const Scene scene = scene_of(config, facts);
  const NextHop hop = scene.next_hops.at(kBackend4);
  EXPECT_EQ(hop.source, kA);
  EXPECT_EQ(hop.destination, kB);
  EXPECT_EQ(hop.preferred_source, local);
  EXPECT_EQ(hop.mtu, 9000u);
  EXPECT_EQ(scene.next_hops.at(kBackend6).preferred_source, facts.local[0]);
  EXPECT_THAT(scene.macs, ElementsAre(kA));
  EXPECT_THAT(scene.placeholders, IsEmpty());
}

TEST(Scene, OnlyPlaceholdersThatMatterAreTold) {
  Config config = config_of({{.name = "eth0", .next_hop = kB}});
  EXPECT_THAT(scene_of(config, {.mac = kA}).placeholders, ElementsAre(HasSubstr("--local")));
  config.pools["web"].backends[0].forward.source_v4 = IpPrefix::parse("203.0.113.0/28");
  EXPECT_THAT(scene_of(config, {.mac = kA}).placeholders, IsEmpty());
  config.pools["web"].backends[0].forward = {.tunnel = Tunnel::kL2};
  EXPECT_THAT(scene_of(config, {.mac = kA}).placeholders, IsEmpty());
  EXPECT_THAT(scene_of(config).placeholders, ElementsAre(HasSubstr("--mac")));
  config.interfaces[0].next_hop.reset();
  EXPECT_THAT(scene_of(config, {.mac = kA}).placeholders, ElementsAre(HasSubstr("--next-hop")));
}

TEST(Scene, InterfacesNotInTheConfigurationAreRefused) {
  const Config config = config_of({{.name = "eth0"}, {.name = "eth1"}});
  for (const HostFacts& facts : {HostFacts{.ingress = "lo"}, HostFacts{.egress = "lo"}}) {
    const Result<Scene> scene = set_scene(config, facts);
    ASSERT_FALSE(scene);
    EXPECT_EQ(scene.error().message, "the configuration has no interface lo, only eth0, eth1");
  }
}

}  // namespace
}  // namespace sluice
