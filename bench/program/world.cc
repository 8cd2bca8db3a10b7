// SPDX-License-Identifier: Apache-2.0
#include "program/world.h"

#include "config/reader.h"
#include "daemon/make_dataplane.h"
#include "kernel/publish.h"
#include "kernel/test_run.h"
#include "plan/desired.h"
#include "program/packet.h"

namespace sluice::bench {

namespace {

constexpr const char* kLocal4 = "203.0.113.254";
constexpr const char* kLocal6 = "2001:db8:b::ffff";
constexpr uint32_t kMtu = 1500;

Result<Config> read(const std::string& yaml) {
  sluice::Reading reading = read_config(yaml, "scenario");
  if (!reading.config) return Error{to_string(reading.errors.front())};
  return std::move(*reading.config);
}

NextHops ways(const Config& config) {
  NextHops out;
  for (const auto& [name, pool] : config.pools)
    for (const Backend& b : pool.backends)
      out[b.address] = {
          .ifindex = kTestIngress,
          .interface = config.interfaces.front().name,
          .source = *MacAddress::parse(kBalancerMac),
          .destination = *MacAddress::parse(kRouterMac),
          .preferred_source = *IpAddress::parse(b.address.is_v4() ? kLocal4 : kLocal6),
          .on_link = false,
          .mtu = kMtu};
  return out;
}

Time now() {
  return std::chrono::steady_clock::now();
}

const std::vector<MacAddress>& macs() {
  static const std::vector<MacAddress> ours = {*MacAddress::parse(kBalancerMac)};
  return ours;
}

}  // namespace

Result<std::unique_ptr<World>> World::create(const std::string& yaml) {
  const Result<Config> config = read(yaml);
  if (!config) return config.error();
  std::unique_ptr<World> world(new World());
  world->ways_ = ways(*config);
  History::Next next = world->history_.next(*config, world->ways_, macs(), now());
  Result<std::unique_ptr<LoadedDataplane>> made =
      make_dataplane(make_for(*config, next.image, {}), next.image, {}, nullptr);
  if (!made) return made.error();
  world->dataplane_ = std::move(*made);
  if (Result<void> r = world->publish(*config, std::move(next)); !r) return r.error();
  return world;
}

Result<void> World::publish(const std::string& yaml) {
  const Result<Config> config = read(yaml);
  if (!config) return config.error();
  ways_.merge(ways(*config));
  return publish(*config, history_.next(*config, ways_, macs(), now()));
}

Result<void> World::publish(const Config& config, History::Next next) {
  Result<Plan> plan = make_plan(history_.live(), std::move(next.image), dataplane_->capacity());
  if (!plan) return plan.error();
  if (Result<void> r = sluice::publish(*plan, *dataplane_); !r) return r;
  history_.go_live(history_.after(*plan, config, std::move(next.leaving), now()), now());
  return {};
}

}  // namespace sluice::bench
