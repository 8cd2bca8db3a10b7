// SPDX-License-Identifier: Apache-2.0
#include "lab/health/health_test.h"

#include <fmt/format.h>

#include <cstdlib>

namespace sluice::netns {

std::string check_of(const std::string& kind) {
  return fmt::format("{{{}, every: {}ms, timeout: {}ms, rise: {}, fall: {}}}", kind, kEvery.count(),
                     kTimeout.count(), kRise, kFall);
}

void HealthTest::begin_checked(const std::string& kind, const FlowCounts& counts,
                               const std::map<std::string, std::string>& pool) {
  config_.pool = pool;
  config_.pool["check"] = check_of(kind);
  ASSERT_NO_FATAL_FAILURE(
      begin(equal_weights(1, 10), {.tcp = 0, .udp = 0}, "native", config_.pool));
  LAB_ASSERT_OK(wait_until(
      [&] {
        const nlohmann::json list = ctl({"backend", "list", "web"});
        for (const nlohmann::json& b : list.at("backends"))
          if (b.at("state") != "up" || b.at("output") == "") return false;
        return list.at("backends").size() == 10;
      },
      milliseconds(10000), "every backend to have answered"));
  if (counts.tcp > 0) tcp_ = open_as_weighted(Transport::kTcp, counts.tcp);
  if (counts.udp > 0) udp_ = open_as_weighted(Transport::kUdp, counts.udp);
}

nlohmann::json HealthTest::ctl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"-o", "json"});
  const Result<Exit> exit = product_->ctl(arguments);
  EXPECT_TRUE(exit) << exit.error().message;
  if (!exit) return {};
  EXPECT_EQ(exit->status, 0) << exit->output;
  return nlohmann::json::parse(exit->output, nullptr, /*allow_exceptions=*/false);
}

void HealthTest::await_state(const std::string& name, const std::string& state,
                             milliseconds patience) {
  std::string now;
  LAB_ASSERT_OK(wait_until(
      [&] {
        now = state_of(name);
        return now == state;
      },
      patience, name + " to be " + state));
}

BackendHost& HealthTest::host_of(const std::string& name) {
  for (BackendHost& b : topology_->backends())
    if (b.name == name) return b;
  std::abort();
}

void HealthTest::switch_off(const std::string& name) {
  LAB_ASSERT_OK(host_of(name).host->netlink().set_up(kDevice, false));
}

void HealthTest::unload_agent(const std::string& name) {
  const Result<Exit> exit = product_->unload_agent(host_of(name));
  LAB_ASSERT_OK(exit);
  ASSERT_EQ(exit->status, 0) << exit->output;
}

Tally HealthTest::new_flows(Transport transport) {
  const Result<FlowRange> opened = client_->open(transport, kNewFlows);
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? client_->first_answers(*opened) : Tally{};
}

}  // namespace sluice::netns
