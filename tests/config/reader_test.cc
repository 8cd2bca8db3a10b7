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

using std::chrono::hours, std::chrono::milliseconds, std::chrono::seconds;
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

// The file is good/checks.yaml: each pool's, with what its defaults say.
Check check_of(decltype(Check::probe) probe) {
  return {.probe = std::move(probe), .every = seconds(10), .hold_down = hours(1)};
}

std::map<std::string, Check> talking_checks() {
  std::map<std::string, Check> c;
  c["tcp"] = check_of(TcpCheck{});
  c["tcp_talk"] = check_of(TcpCheck{.send = "PING\r\n", .expect = "+PONG"});
  c["tcp_talk"].port = 1;
  c["tcp_talk"].timeout = seconds(10);
  c["tcp_listen"] = check_of(TcpCheck{.expect = "220 "});
  c["tcp_listen"].port = 65535;
  c["tcp_listen"].via = CheckPath::kDirect;
  c["tcp_listen"].every = c["tcp_listen"].timeout = milliseconds(100);
  c["udp"] = check_of(UdpCheck{.send = std::string("\0ping\x7f\x80\xff", 8)});
  c["udp"].every = c["udp"].timeout = hours(1);
  c["udp_empty"] = check_of(UdpCheck{});
  c["udp_empty"].timeout = milliseconds(1);
  c["icmp"] = check_of(IcmpCheck{});
  c["icmp"].via = CheckPath::kDirect;
  c["exec"] = check_of(ExecCheck{.command = {"/usr/local/bin/is-it-well"}});
  c["exec"].port = 80;
  c["exec_more"] = check_of(ExecCheck{.command = {"/bin/sh", "-c", "a\nb", ""}});
  c["exec"].via = c["exec_more"].via = CheckPath::kDirect;
  return c;
}

std::map<std::string, Check> asking_checks() {
  std::map<std::string, Check> c;
  c["http"] = check_of(HttpCheck{});
  c["http"].rise = 1;
  c["http"].fall = 100;
  c["http"].hold_down = seconds(0);
  c["http_more"] = check_of(HttpCheck{.http2 = true,
                                      .path = "/healthz?a=%20",
                                      .host = "shop.example",
                                      .statuses = {{200, 200}},
                                      .body = "ok",
                                      .weight = WeightSource::kHeader});
  c["https"] = check_of(HttpCheck{.tls = true,
                                  .path = "/healthz",
                                  .statuses = {{100, 100}, {204, 204}, {300, 399}, {500, 599}}});
  c["https_more"] = check_of(
      HttpCheck{.tls = true, .verify = true, .host = "192.0.2.10", .weight = WeightSource::kBody});
  c["dns"] = check_of(DnsCheck{.name = "health.example.net"});
  c["dns"].port = 53;
  c["dns_more"] = check_of(DnsCheck{.name = "_a._udp.example.", .type = 33, .rcodes = {3, 0}});
  c["dns_root"] = check_of(DnsCheck{.name = ".", .type = 2, .rcodes = {5}});
  c["grpc"] = check_of(GrpcCheck{});
  c["grpc_more"] = check_of(GrpcCheck{.service = "pkg.Service", .tls = true});
  c["grpc_tls"] = check_of(GrpcCheck{.tls = true});
  return c;
}

TEST(Reader, EveryCheckArrivesInTheConfig) {
  Config expected;
  expected.interfaces = {{.name = "eth0"}};
  expected.seed = "swordfish";
  for (const auto& checks : {talking_checks(), asking_checks()})
    for (const auto& [name, check] : checks) expected.pools[name] = {.name = name, .check = check};
  expected.pools["none"] = {.name = "none", .slow_start = seconds(30)};
  expected.pools["nothing"] = {.name = "nothing"};
  expected.pools["whole"] = {.name = "whole",
                             .backends = {{.name = "be1", .address = ip("10.0.1.11")}},
                             .check = check_of(TcpCheck{}),
                             .minimum = 1,
                             .panic = 0,
                             .slow_start = hours(1)};
  expected.pools["service:shop"] = {.name = "service:shop",
                                    .backends = {{.name = "10.0.3.1", .address = ip("10.0.3.1")},
                                                 {.name = "10.0.3.2", .address = ip("10.0.3.2")}},
                                    .check = check_of(IcmpCheck{}),
                                    .minimum = 2,
                                    .panic = 100};
  expected.services = {{.name = "shop",
                        .vips = {prefix("198.51.100.0/28")},
                        .ports = {{27000, 27100, IPPROTO_UDP}, {443, 443, IPPROTO_TCP}},
                        .pool = "service:shop"}};
  const Config config = config_of("/good/checks.yaml");
  for (const auto& [name, pool] : expected.pools)
    EXPECT_TRUE(config.pools.contains(name) && config.pools.at(name) == pool) << name;
  EXPECT_TRUE(config == expected);
}

// The file is good/check_of_defaults.yaml.
TEST(Reader, WhatACheckDoesNotSayIsThatOfTheDefaults) {
  const Config config = config_of("/good/check_of_defaults.yaml");
  ASSERT_EQ(config.pools.size(), 7u);
  const HttpCheck https = {
      .tls = true, .path = "/healthz", .host = "shop.example", .statuses = {{204, 204}}};
  const Check as_said = {.probe = https,
                         .via = CheckPath::kDirect,
                         .port = 8080,
                         .every = seconds(5),
                         .timeout = seconds(3),
                         .rise = 4,
                         .fall = 5,
                         .hold_down = seconds(6)};
  EXPECT_TRUE(config.pools.at("as_said").check == as_said);
  EXPECT_TRUE(config.pools.at("service:shop").check == as_said);
  EXPECT_FALSE(config.pools.at("none").check);
  Check own_keys = as_said;
  std::get<HttpCheck>(own_keys.probe).host = "blog.example";
  own_keys.port = 9090;
  own_keys.via = CheckPath::kTunnel;
  own_keys.every = own_keys.timeout = milliseconds(500);
  EXPECT_TRUE(config.pools.at("own_keys").check == own_keys);
  Check own_kind = as_said;
  own_kind.probe = HttpCheck{};
  EXPECT_TRUE(config.pools.at("own_kind").check == own_kind);
  Check icmp = as_said, exec = as_said;
  icmp.probe = IcmpCheck{};
  icmp.port = 0;  // it has none
  exec.probe = ExecCheck{.command = {"/bin/true"}};
  EXPECT_TRUE(config.pools.at("icmp").check == icmp);
  EXPECT_TRUE(config.pools.at("exec").check == exec);
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
