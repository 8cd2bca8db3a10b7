// SPDX-License-Identifier: Apache-2.0
#include "lab/product_test.h"

#include <unistd.h>

namespace sluice::netns {
namespace {

// Dense enough to measure a second by; flat out, it would keep a small machine from changing
// anything within one.
constexpr unsigned kRate = 400;

}  // namespace

void ProductTest::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, for network namespaces and BPF";
  const Result<Programs> programs = Programs::beside_this_program();
  ASSERT_TRUE(programs) << programs.error().message;
  LAB_ASSERT_OK_AND(lab_, Lab::create());
  LAB_ASSERT_OK_AND(topology_, Topology::create(*lab_, topology_options()));
  product_ = std::make_unique<Product>(*topology_, *programs, kInstance);
}

void ProductTest::deploy(const ConfigOptions& options, const AgentOptions& agents) {
  LAB_ASSERT_OK(product_->write_config(config_text(*topology_, options)));
  LAB_ASSERT_OK(product_->start_agents(agents));
  LAB_ASSERT_OK(product_->start_daemon());
}

Tally ProductTest::ask(size_t count) {
  Result<std::vector<Answer>> answers = fetch(topology_->client(), vip_urls(), count);
  EXPECT_TRUE(answers) << answers.error().message;
  if (!answers) return {};
  Tally t = tally(*answers);
  for (const auto& [reason, times] : t.failed) ADD_FAILURE() << times << " x " << reason;
  return t;
}

void ProductTest::start_traffic() {
  LAB_ASSERT_OK_AND(traffic_, Traffic::start(topology_->client(), vip_urls(), kRate));
  LAB_ASSERT_OK(wait_until([&] { return traffic_->answers().size() >= 10; }, milliseconds(5000),
                           "the first answers"));
}

std::vector<Answer> ProductTest::stop_traffic(size_t may_break) {
  const std::vector<Answer> answers = traffic_->stop();
  const Tally t = tally(answers);
  RecordProperty("asked", int(t.asked));
  RecordProperty("failed", int(t.failures()));
  EXPECT_LE(t.failures(), may_break) << "of " << t.asked;
  if (t.failures() > may_break)
    for (const auto& [reason, times] : t.failed) ADD_FAILURE() << times << " x " << reason;
  return answers;
}

XdpMode ProductTest::mode() {
  const Result<XdpState> xdp = xdp_state(topology_->balancer(), kDevice);
  EXPECT_TRUE(xdp) << xdp.error().message;
  return xdp ? xdp->mode : XdpMode::kNone;
}

nlohmann::json ProductTest::status() {
  const Result<Exit> exit = product_->ctl({"-o", "json", "status"});
  EXPECT_TRUE(exit) << exit.error().message;
  if (!exit) return {};
  EXPECT_EQ(exit->status, 0) << exit->output;
  return nlohmann::json::parse(exit->output, nullptr, /*allow_exceptions=*/false);
}

std::string ProductTest::attached_mode() {
  const nlohmann::json interfaces = status().value("interfaces", nlohmann::json::array());
  return interfaces.empty() ? "" : interfaces[0].value("mode", "");
}

uint64_t ProductTest::replied(const std::string& reason) {
  const nlohmann::json now = status();
  for (const nlohmann::json& count : now.at("counters").at("replied"))
    if (count.at("reason") == reason) return count.at("packets");
  ADD_FAILURE() << "status knows no reply " << reason;
  return 0;
}

uint64_t ProductTest::dropped() {
  const nlohmann::json now = status();
  uint64_t sum = 0;
  for (const nlohmann::json& count : now.at("counters").at("dropped"))
    sum += count.at("packets").get<uint64_t>();
  return sum;
}

void ProductTest::expect_shares(const Tally& tally, const Weights& weights) {
  EXPECT_EQ(objection(tally, weights), "");
  for (const auto& [name, weight] : weights) RecordProperty(name, int(tally.answers_of(name)));
}

}  // namespace sluice::netns
