// SPDX-License-Identifier: Apache-2.0
// What a file says arrives in the Config, whole and exactly; and files that cannot be read.
#include "config/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

namespace sluice {
namespace {

using testing::HasSubstr;

const std::string kCases = SLUICE_CONFIG_CASES;

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

Config config_of(const std::string& file) {
  const Result<Reading> reading = read_config_file(kCases + file);
  return reading && reading->config ? *reading->config : Config{};
}

// The file is good/everything.yaml.
Config everything() {
  const Forward defaults = {.source_v4 = ip("10.0.0.5"), .source_v6 = ip("fd00::5")};
  Config c;
  c.interfaces = {{.name = "eth0"},
                  {.name = "eth1"},
                  {.name = "eth2.100",
                   .mode = AttachMode::kNative,
                   .next_hop = MacAddress::parse("02:00:00:00:00:01")},
                  {.name = "wlan@2", .mode = AttachMode::kGeneric}};
  c.ring_size = 251;
  c.seed = "it's: a # \"secret\"";
  c.pools["web"] = {.name = "web",
                    .backends = {{.name = "be1", .address = ip("10.0.1.11"), .forward = defaults},
                                 {.name = "be2", .address = ip("10.0.1.12"), .weight = 0},
                                 {.name = "be3",
                                  .address = ip("fd00:1::13"),
                                  .weight = 1000,
                                  .forward = {.source_v6 = ip("fd00::6")}},
                                 {.name = "be4", .address = ip("10.0.1.14")}}};
  c.pools["empty"] = {.name = "empty"};
  c.pools["service:games"] = {
      .name = "service:games",
      .backends = {{.name = "10.0.3.1", .address = ip("10.0.3.1"), .forward = defaults},
                   {.name = "fd00:3::1", .address = ip("fd00:3::1"), .forward = defaults}}};
  c.services = {{.name = "shop",
                 .vips = {ip("192.0.2.10"), ip("2001:db8::10")},
                 .ports = {{80, IPPROTO_TCP}, {443, IPPROTO_TCP}, {443, IPPROTO_UDP}},
                 .pool = "web",
                 .hash = HashFields::kFiveTuple,
                 .empty = EmptyPolicy::kPass},
                {.name = "resolver",
                 .vips = {ip("192.0.2.10")},
                 .ports = {{53, IPPROTO_UDP}},
                 .pool = "empty",
                 .hash = HashFields::kSource},
                {.name = "games",
                 .vips = {ip("2001:db8::")},
                 .ports = {{65535, IPPROTO_UDP}},
                 .pool = "service:games",
                 .hash = HashFields::kSourceAndVip}};
  return c;
}

TEST(Reader, EverythingArrivesInTheConfig) {
  EXPECT_TRUE(config_of("/good/everything.yaml") == everything());
}

TEST(Reader, WhatIsNotSaidTakesItsDefault) {
  Config expected;
  expected.interfaces = {{.name = "eth0", .mode = AttachMode::kAuto}};
  expected.ring_size = 65537;
  expected.seed = "swordfish";
  EXPECT_TRUE(config_of("/good/smallest.yaml") == expected);
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
