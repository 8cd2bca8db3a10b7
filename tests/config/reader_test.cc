// SPDX-License-Identifier: Apache-2.0
// What a file says arrives in the Config, whole and exactly; and files that cannot be read.
#include "config/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

using testing::HasSubstr;

const std::string kCases = SLUICE_CONFIG_CASES;

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

Config config_of(const std::string& file) {
  const Result<Reading> reading = read_config_file(kCases + file);
  return reading && reading->config ? *reading->config : Config{};
}

// The file is good/everything.yaml.
Config everything() {
  const Forward defaults = {.source_v4 = prefix("10.0.0.5"), .source_v6 = prefix("fd00::5")};
  Config c;
  c.interfaces = {
      {.name = "eth0"},
      {.name = "eth1"},
      {.name = "eth2.100",
       .mode = AttachMode::kNative,
       .next_hop = MacAddress::parse("02:00:00:00:00:01")},
      {.name = "wlan@2", .mode = AttachMode::kGeneric, .keep_vlan = false},
      {.name = "eth3", .mode = AttachMode::kNative},
      {.name = "eth4", .mode = AttachMode::kGeneric},
      {.name = "eth5", .mode = AttachMode::kTc},
      {.name = "eth6", .share = Share{}},
      {.name = "eth7",
       .mode = AttachMode::kNative,
       .share = Share{.priority = 10, .go_on_after = {XdpVerdict::kDrop, XdpVerdict::kPass}}},
      {.name = "eth8", .mode = AttachMode::kTc}};
  c.ring_size = 251;
  c.mtu = 1500;
  c.flows = 65536;
  c.drain = std::chrono::seconds(90);
  c.seed = "it's: a # \"secret\"";
  c.pools["web"] = {.name = "web",
                    .backends = {{.name = "be1", .address = ip("10.0.1.11"), .forward = defaults},
                                 {.name = "be2", .address = ip("10.0.1.12"), .weight = 0},
                                 {.name = "be3",
                                  .address = ip("fd00:1::13"),
                                  .weight = 1000,
                                  .forward = {.source_v6 = prefix("fd00::6")}},
                                 {.name = "be4", .address = ip("10.0.1.14")}}};
  c.pools["empty"] = {.name = "empty"};
  c.pools["service:games"] = {
      .name = "service:games",
      .backends = {{.name = "10.0.3.1", .address = ip("10.0.3.1"), .forward = defaults},
                   {.name = "fd00:3::1", .address = ip("fd00:3::1"), .forward = defaults}}};
  c.services = {
      {.name = "shop",
       .vips = {prefix("192.0.2.10"), prefix("2001:db8::10")},
       .ports = {{80, 80, IPPROTO_TCP}, {443, 443, IPPROTO_TCP}, {443, 443, IPPROTO_UDP}},
       .pool = "web",
       .hash = HashFields::kFiveTuple,
       .empty = EmptyPolicy::kPass,
       .tracking = Tracking::kAdaptive},
      {.name = "resolver",
       .vips = {prefix("192.0.2.10")},
       .ports = {{53, 53, IPPROTO_UDP}},
       .pool = "empty",
       .hash = HashFields::kSource,
       .tracking = Tracking::kNever},
      {.name = "games",
       .vips = {prefix("2001:db8::"), prefix("198.51.100.0/28"), prefix("2001:db8:1::/48")},
       .ports = {{65535, 65535, IPPROTO_UDP},
                 {27000, 27100, IPPROTO_UDP},
                 {0, 65535, IPPROTO_TCP},
                 {0, 65535, IPPROTO_UDP},
                 {0, 65535, 0}},
       .pool = "service:games",
       .hash = HashFields::kSourceAndVip,
       .empty = EmptyPolicy::kReset,
       .tracking = Tracking::kAlways}};
  return c;
}

TEST(Reader, EverythingArrivesInTheConfig) {
  EXPECT_TRUE(config_of("/good/everything.yaml") == everything());
}

// The file is good/forward.yaml: what it says, in its order.
std::vector<Forward> short_forwards() {
  const Forward gue = {.tunnel = Tunnel::kGue, .port = 6080, .port_v6 = 6080};
  return {gue,
          {.tunnel = Tunnel::kL2},
          {.tunnel = Tunnel::kIpip},
          {.tunnel = Tunnel::kGre},
          {.tunnel = Tunnel::kFou, .port = 5555, .port_v6 = 5555},
          gue,
          {.tunnel = Tunnel::kGeneve, .port = 6081, .port_v6 = 6081}};
}

std::vector<Forward> long_forwards() {
  return {
      {.tunnel = Tunnel::kL2},
      {.tunnel = Tunnel::kIpip, .source_v4 = prefix("10.0.0.5")},
      {.tunnel = Tunnel::kGre, .source_v4 = prefix("10.0.0.0/8"), .source_v6 = prefix("fd00::/96")},
      {.tunnel = Tunnel::kFou, .source_v4 = prefix("10.0.0.5"), .port = 1, .port_v6 = 65535},
      {.tunnel = Tunnel::kFou, .port = 7777, .port_v6 = 7777},
      {.tunnel = Tunnel::kFou, .port = 5555, .port_v6 = 5556, .checksum_v6 = false},
      {.tunnel = Tunnel::kGue,
       .source_v4 = prefix("10.7.0.0/16"),
       .source_v6 = prefix("fd00:7::/112"),
       .port = 7777,
       .port_v6 = 7777,
       .gue_variant = 1,
       .checksum_v6 = false},
      {.tunnel = Tunnel::kGue, .port = 6080, .port_v6 = 6080},
      {.tunnel = Tunnel::kGeneve,
       .source_v6 = prefix("fd00::5"),
       .port = 7777,
       .port_v6 = 7777,
       .vni = 16777215,
       .checksum_v6 = false},
      {.tunnel = Tunnel::kGeneve, .port = 6081, .port_v6 = 6081}};
}

// A pool whose backends are 10.0.<net>.1 onward.
Pool pool_of(const std::string& name, int net, const std::vector<std::string>& names,
             const std::vector<Forward>& forwards) {
  Pool pool = {.name = name};
  for (size_t i = 0; i < names.size(); i++) {
    const std::string address = "10.0." + std::to_string(net) + "." + std::to_string(i + 1);
    pool.backends.push_back(
        {.name = names[i], .address = ip(address.c_str()), .forward = forwards.at(i)});
  }
  return pool;
}

TEST(Reader, EveryWayToABackendArrivesInTheConfig) {
  Config expected;
  expected.interfaces = {{.name = "eth0"}};
  expected.seed = "swordfish";
  expected.pools["short"] = pool_of(
      "short", 1, {"default", "l2", "ipip", "gre", "fou", "gue", "geneve"}, short_forwards());
  expected.pools["long"] = pool_of(
      "long", 2, {"l2", "ipip", "gre", "fou", "fou4", "fou6", "gue", "gue0", "geneve", "geneve0"},
      long_forwards());
  EXPECT_TRUE(config_of("/good/forward.yaml") == expected);
}

TEST(Reader, OnePortWrittenAsARangeIsAPort) {
  const Reading reading = read_config(
      "version: 1\ninterfaces: {eth0: {}}\ndefaults: {seed: swordfish}\nservices:\n"
      "  a: {vip: 192.0.2.1/32, ports: 80-80/tcp, backends: []}\n",
      "f.yaml");
  ASSERT_TRUE(reading.config);
  const Service expected = {.name = "a",
                            .vips = {prefix("192.0.2.1")},
                            .ports = {PortRange::one(80, IPPROTO_TCP)},
                            .pool = "service:a"};
  ASSERT_EQ(reading.config->services.size(), 1u);
  EXPECT_TRUE(reading.config->services[0] == expected);
}

TEST(Reader, WhatIsNotSaidTakesItsDefault) {
  Config expected;
  expected.interfaces = {{.name = "eth0", .mode = AttachMode::kAuto}};
  expected.ring_size = 65537;
  expected.seed = "swordfish";
  EXPECT_TRUE(config_of("/good/smallest.yaml") == expected);
}

TEST(Reader, TextsMayBeWrittenInEveryWayOfYaml) {
  const Config c = config_of("/good/texts.yaml");
  EXPECT_EQ(c.seed, "sword? fish?");
  ASSERT_EQ(c.services.size(), 1u);
  const Service expected = {
      .name = "shop",
      .vips = {prefix("192.0.2.1")},
      .ports = {PortRange::one(80, IPPROTO_TCP), PortRange::one(443, IPPROTO_TCP),
                PortRange::one(8443, IPPROTO_TCP), PortRange::one(81, IPPROTO_TCP)},
      .pool = "service:shop"};
  EXPECT_TRUE(c.services[0] == expected);
}

TEST(Reader, TabsBeforeCommentsLeaveTheRestAsItIs) {
  const Reading reading = read_config(
      "version: 1\n\t\n\t # a comment\ninterfaces: {eth0: {}}\ndefaults:\n"
      "  seed: \"sw\tord\n\n  fish\"\nservices: {}\n",
      "f.yaml");
  ASSERT_TRUE(reading.config);
  EXPECT_EQ(reading.config->seed, "sw\tord\nfish");
}

TEST(Reader, JsonIsYaml) {
  const Config c = config_of("/good/json.yaml");
  ASSERT_EQ(c.pools.count("web"), 1u);
  const Pool expected = {.name = "web",
                         .backends = {{.name = "be1", .address = ip("10.0.1.11"), .weight = 50}}};
  EXPECT_TRUE(c.pools.at("web") == expected);
}

TEST(Reader, AFileThatCannotBeReadIsAnError) {
  const Result<Reading> missing = read_config_file("/nonexistent/sluice.yaml");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("/nonexistent/sluice.yaml"));
  EXPECT_THAT(missing.error().message, HasSubstr("No such file or directory"));
  EXPECT_FALSE(read_config_file("/"));
}

TEST(Reader, TheSeedIsNeverShown) {
  const std::string seed = "swordfish";
  for (const std::string defaults :
       {"{seed:swordfish}", "swordfish", "{seed: [swordfish]}", "{seed: {a: swordfish}}",
        "\n  seed: swordfish\n   ring: 251", "\n  seed: swordfish:: ", "\n  seed:swordfish",
        "{seed: \"swordfish}", "{seed: swordfish\\q\"}", "{seed: &swordfish x}",
        "{seed: *swordfish}", "{seed: !swordfish x}", "{seed: a, seed: swordfish}"}) {
    const Reading reading = read_config("version: 1\ndefaults: " + defaults + "\n", "f.yaml");
    EXPECT_FALSE(reading.errors.empty()) << defaults;
    for (const Diagnostic& d : reading.errors)
      EXPECT_EQ(d.message.find(seed), std::string::npos) << to_string(d);
  }
}

TEST(Diagnostic, IsOneLineWithThePlaceFirst) {
  EXPECT_EQ(to_string(Diagnostic{.file = "a\nb.yaml", .line = 3, .column = 7, .message = "no"}),
            "a\\x0ab.yaml:3:7: error: no");
}

}  // namespace
}  // namespace sluice
