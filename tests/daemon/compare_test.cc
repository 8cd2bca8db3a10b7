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

}  // namespace
}  // namespace sluice
