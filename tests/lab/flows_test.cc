// SPDX-License-Identifier: Apache-2.0
// What operators see of flows that are remembered, while a backend leaves under traffic.
#include <gmock/gmock.h>

#include "lab/product_test.h"

namespace sluice::netns {
namespace {

using nlohmann::json;

class Flows : public ProductTest {
 protected:
  json ctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-o", "json"});
    const Result<Exit> exit = product_->ctl(arguments);
    EXPECT_TRUE(exit) << exit.error().message;
    if (!exit) return {};
    EXPECT_EQ(exit->status, 0) << exit->output;
    return json::parse(exit->output, nullptr, /*allow_exceptions=*/false);
  }
  uint64_t slots(const char* state) { return status().at("flows").at("slots").at(state); }
};

TEST_F(Flows, OfABackendThatLeavesAreShown) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = {{"be1", 100}, {"be2", 100}}}));
  EXPECT_EQ(slots("window"), 0u);
  EXPECT_GT(slots("clean"), 0u);
  EXPECT_EQ(ctl({"flows", "list"}).at("flows"), json::array());
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  LAB_ASSERT_OK(
      product_->write_config(config_text(*topology_, {.weights = {{"be1", 100}, {"be3", 100}}})));
  LAB_ASSERT_OK(wait_until([&] { return slots("window") > 0; }, milliseconds(3000),
                           "slots to be in a window"));
  LAB_ASSERT_OK(wait_until(
      [&] {
        return !ctl({"flows", "list"}).at("flows").empty();
      },
      milliseconds(3000), "flows to be listed"));
  stop_traffic(/*may_break=*/1);

  const json all = ctl({"flows", "list", "--limit", "0"});
  EXPECT_EQ(all.at("truncated"), false);
  for (const json& flow : all.at("flows")) {
    EXPECT_EQ(flow.at("protocol"), "tcp");
    EXPECT_EQ(flow.at("vip_port"), 80);
    EXPECT_EQ(flow.at("leaving"), flow.at("backend") == "web/be2") << flow;
  }
  const json service = ctl({"service", "show", all.at("flows")[0].at("service")});
  json states;
  for (const json& b : service.at("backends")) states[b.at("name")] = b.at("state");
  EXPECT_EQ(states, json({{"be1", "up"}, {"be2", "leaving"}, {"be3", "up"}}));
  EXPECT_EQ(service.at("tracking"), "adaptive");
  EXPECT_GT(service.at("rings")[0].at("window_ends_in"), 600);
}

}  // namespace
}  // namespace sluice::netns
