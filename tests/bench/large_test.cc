// SPDX-License-Identifier: Apache-2.0
// Configurations that grow are configurations, as large as they say, and the packet is for them.
#include "compare/large.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/beginning.h"

namespace sluice::bench {
namespace {

// Fails, and is empty, where the reader refuses it.
Config config_of(const Scenario& scenario) {
  const Result<Config> config = valid_config(scenario.yaml, "large.yaml");
  EXPECT_TRUE(config) << config.error().message;
  return config ? *config : Config{};
}

size_t vips_of(const Config& config) {
  size_t sum = 0;
  for (const Service& s : config.services) sum += s.vips.size();
  return sum;
}

bool is_for(const Config& config, const Packet& packet) {
  const IpAddress to = *IpAddress::parse(packet.destination);
  return std::ranges::any_of(config.services, [&](const Service& s) {
    return std::ranges::any_of(s.vips, [&](const IpPrefix& vip) { return vip.contains(to); });
  });
}

TEST(Large, IsAsLargeAsItSays) {
  for (const unsigned size : {1u, 2u, 300u}) {
    const Scenario services = many_services(size), backends = many_backends(size),
                   prefixes = many_prefixes(size);
    EXPECT_EQ(config_of(services).services.size(), size);
    EXPECT_EQ(config_of(backends).pools.at("pool").backends.size(), size);
    EXPECT_EQ(vips_of(config_of(prefixes)), size);
    for (const Scenario* s : {&services, &backends, &prefixes})
      EXPECT_TRUE(is_for(config_of(*s), s->packet)) << s->name << " " << size;
  }
}

TEST(Large, HasRoomForAsManyFlowsAsItSays) {
  const Scenario all = many_flows(1 << 17, "always", 1 << 17);
  EXPECT_EQ(config_of(all).flows, 1u << 17);
  EXPECT_EQ(config_of(all).services.at(0).tracking, Tracking::kAlways);
  EXPECT_EQ(all.orders.at(0).flows, 1u << 17);
  EXPECT_TRUE(all.begins);
  const Scenario beyond = many_flows(1 << 17, "always", 1 << 10);
  EXPECT_EQ(config_of(beyond).flows, 1u << 10);
  EXPECT_EQ(beyond.orders.at(0).flows, 1u << 17);
  EXPECT_EQ(config_of(many_flows(1, "adaptive", 1)).services.at(0).tracking, Tracking::kAdaptive);
}

}  // namespace
}  // namespace sluice::bench
