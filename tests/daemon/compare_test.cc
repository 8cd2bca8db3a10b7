// SPDX-License-Identifier: Apache-2.0
// What differs between two configurations.
#include "daemon/compare.h"

#include <gtest/gtest.h>

#include "config/reader.h"

namespace sluice {
namespace {

constexpr const char* kText = R"(version: 1
interfaces:
  eth0: {mode: native}
defaults: {seed: a secret}
pools:
  web:
    backends:
      be1: {address: 198.51.100.1}
      be2: {address: 198.51.100.2, weight: 50}
services:
  shop: {vip: [192.0.2.10], ports: [80/tcp], pool: web}
)";

Config config(std::string text, const std::string& from = "", const std::string& to = "") {
  if (!from.empty()) text.replace(text.find(from), from.size(), to);
  Reading reading = read_config(text, "test.yaml");
  for (const Diagnostic& d : reading.errors) ADD_FAILURE() << to_string(d);
  return reading.config.value_or(Config());
}

struct CompareTest : ::testing::Test {
  const Config before = config(kText);
};

TEST_F(CompareTest, TheSameIsNothing) {
  EXPECT_TRUE(compare_services(before, before).empty());
  EXPECT_TRUE(compare_interfaces(before, before).empty());
  EXPECT_TRUE(compare_settings(before, before).empty());
}

TEST_F(CompareTest, MembersComeGoAndChange) {
  const Config after =
      config(kText, "be1: {address: 198.51.100.1}\n      be2: {address: 198.51.100.2, weight: 50}",
             "be9: {address: 198.51.100.2, weight: 5}\n"
             "      be3: {address: 198.51.100.3}");
  const api::ServiceChange expected = {
      .name = "shop",
      .change = "changed",
      .members = {{"web/be9", "198.51.100.2", "weight", 50, 5, ""},
                  {"web/be9", "198.51.100.2", "changed", 50, 5, "was called web/be2"},
                  {"web/be3", "198.51.100.3", "added", 0, 100, ""},
                  {"web/be1", "198.51.100.1", "removed", 100, 0, ""}}};
  EXPECT_EQ(compare_services(before, after), std::vector{expected});
}

TEST_F(CompareTest, AnotherTunnelIsAChangeOfEveryMember) {
  const Config after = config(kText, "{seed: a secret}", "{seed: a secret, forward: gre}");
  const auto services = compare_services(before, after);
  ASSERT_EQ(services.size(), 1u);
  ASSERT_EQ(services[0].members.size(), 2u);
  EXPECT_EQ(services[0].members[0].detail, "another way to forward to it");
}

TEST_F(CompareTest, ServicesComeAndGo) {
  const Config after = config(kText, "shop", "api");
  const auto services = compare_services(before, after);
  ASSERT_EQ(services.size(), 2u);
  EXPECT_EQ(services[0].name + services[0].change, "apiadded");
  EXPECT_EQ(services[0].members.size(), 2u);
  EXPECT_EQ(services[1].name + services[1].change, "shopremoved");
}

TEST_F(CompareTest, ValuesOfAServiceAreSaidInItsWords) {
  const Config after = config(kText, "ports: [80/tcp]", "ports: [443/tcp, any/udp], empty: reset");
  const auto services = compare_services(before, after);
  ASSERT_EQ(services.size(), 1u);
  EXPECT_EQ(services[0].settings,
            (std::vector<api::SettingChange>{{"ports", "80/tcp", "443/tcp, any/udp"},
                                             {"empty", "drop", "reset"}}));
}

TEST_F(CompareTest, InterfacesAreAttachedAndDetached) {
  const Config after = config(kText, "eth0: {mode: native}", "eth1: {}");
  EXPECT_EQ(compare_interfaces(before, after),
            (std::vector<api::InterfaceChange>{{"eth1", "attach", {}}, {"eth0", "detach", {}}}));
  EXPECT_EQ(compare_interfaces(before, config(kText, "native", "tc")),
            (std::vector<api::InterfaceChange>{{"eth0", "changed", {{"mode", "native", "tc"}}}}));
}

TEST_F(CompareTest, TheSeedIsNeverSaid) {
  const Config after = config(kText, "a secret", "new, drain: 5s, mtu: 1400");
  EXPECT_EQ(
      compare_settings(before, after),
      (std::vector<api::SettingChange>{
          {"mtu", "", "1400"}, {"drain", "900s", "5s"}, {"seed", "(a secret)", "(another)"}}));
}

// Of the pool, whose values of health are `before` and then `after`.
std::vector<api::SettingChange> health_changes(const std::string& before,
                                               const std::string& after) {
  const std::string pool = "  web:\n";
  return compare_settings(config(kText, pool, pool + "    " + before + "\n"),
                          config(kText, pool, pool + "    " + after + "\n"));
}

using Changes = std::vector<api::SettingChange>;

TEST(CompareHealth, ACheckComesAndGoes) {
  EXPECT_EQ(health_changes("check: none", "check: {http: /healthz, every: 5s}"),
            (Changes{{"pool web: check", "", "http: /healthz"}}));
  EXPECT_EQ(health_changes("check: {exec: [/bin/test, a, \"b\\n\"]}", "check: none"),
            (Changes{{"pool web: check", "exec: /bin/test a b\\x0a", ""}}));
}

TEST(CompareHealth, AnotherKindHasOnlyTheTimesInCommon) {
  EXPECT_EQ(health_changes("check: {tcp: connect, fall: 2}", "check: {dns: a.example}"),
            (Changes{{"pool web: check", "tcp: connect", "dns: a.example"},
                     {"pool web: check: fall", "2", "3"}}));
}

TEST(CompareHealth, EveryKeyIsSaidInItsWords) {
  EXPECT_EQ(health_changes("check: {tcp: connect}",
                           "check: {tcp: connect, port: 81, via: direct, every: 1500ms, timeout: "
                           "500ms, rise: 3, fall: 4, hold-down: 0s}"),
            (Changes{{"pool web: check: every", "2s", "1500ms"},
                     {"pool web: check: fall", "3", "4"},
                     {"pool web: check: hold-down", "30s", "0s"},
                     {"pool web: check: port", "the first of the service", "81"},
                     {"pool web: check: rise", "2", "3"},
                     {"pool web: check: timeout", "1s", "500ms"},
                     {"pool web: check: via", "tunnel", "direct"}}));
  EXPECT_EQ(health_changes("check: {https: /}",
                           "check: {https: /, expect: [200, 300-399], host: a.example, body: ok, "
                           "http2: true, verify: true, weight-from: header}"),
            (Changes{{"pool web: check: body", "", "\"ok\""},
                     {"pool web: check: expect", "200-299", "200, 300-399"},
                     {"pool web: check: host", "", "a.example"},
                     {"pool web: check: http2", "false", "true"},
                     {"pool web: check: verify", "false", "true"},
                     {"pool web: check: weight-from", "", "header"}}));
  EXPECT_EQ(health_changes("check: {dns: a.example}",
                           "check: {dns: a.example, type: SOA, rcode: [NOERROR, NXDOMAIN]}"),
            (Changes{{"pool web: check: rcode", "NOERROR", "NOERROR, NXDOMAIN"},
                     {"pool web: check: type", "A", "SOA"}}));
  EXPECT_EQ(health_changes("check: {grpc: server}", "check: {grpc: {service: a.B, tls: true}}"),
            (Changes{{"pool web: check", "grpc: server", "grpc: a.B"},
                     {"pool web: check: tls", "false", "true"}}));
}

TEST(CompareHealth, BytesCanBeShown) {
  EXPECT_EQ(health_changes("check: {udp: {send: \"\\xff\", expect: a}}",
                           "check: {udp: {send: \"\\xfe\"}}"),
            (Changes{{"pool web: check: expect", "\"a\"", ""},
                     {"pool web: check: send", "\"\\xff\"", "\"\\xfe\""}}));
}

TEST(CompareHealth, WhatFollowsOfAPool) {
  EXPECT_EQ(
      health_changes("check: {icmp: echo}",
                     "check: {icmp: echo}\n    minimum: 1\n    panic: 0%\n    slow-start: 90s"),
      (Changes{{"pool web: minimum", "", "1"},
               {"pool web: panic", "50%", "0%"},
               {"pool web: slow-start", "0s", "90s"}}));
}

TEST_F(CompareTest, APoolWithoutANameIsItsService) {
  const std::string own = "backends: [198.51.100.1]", checked = own + ", check: {icmp: echo}";
  EXPECT_EQ(compare_settings(config(kText, "pool: web", own), config(kText, "pool: web", checked)),
            (Changes{{"service shop: check", "", "icmp: echo"}}));
  EXPECT_TRUE(compare_settings(before, config(kText, "pool: web", checked)).empty());
}

}  // namespace
}  // namespace sluice
