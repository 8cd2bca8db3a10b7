// SPDX-License-Identifier: Apache-2.0
#include "lab/flows/flow_test.h"

#include <fmt/format.h>

#include <atomic>
#include <sstream>
#include <thread>

namespace sluice::netns {

void FlowTest::SetUp() {
  ProductTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  LAB_ASSERT_OK(allow_many_descriptors());
  LAB_ASSERT_OK_AND(server_, FlowServer::start(*topology_));
  LAB_ASSERT_OK_AND(client_, FlowClient::start(topology_->client(), topology_->options().vips));
}

std::map<std::string, std::string> FlowTest::defaults() const {
  return {{"drain", fmt::format("{}s", kDrain / std::chrono::seconds(1))}};
}

void FlowTest::begin(const Weights& weights, const FlowCounts& counts, const std::string& mode,
                     const std::map<std::string, std::string>& pool) {
  config_ = {.weights = weights,
             .mode = mode,
             .ports = {fmt::format("{}/tcp", kFlowPort), fmt::format("{}/udp", kFlowPort)},
             .defaults = defaults(),
             .pool = pool};
  ASSERT_NO_FATAL_FAILURE(deploy(config_));
  ASSERT_EQ(attached_mode(), mode);
  if (counts.tcp > 0) tcp_ = open_as_weighted(Transport::kTcp, counts.tcp);
  if (counts.udp > 0) udp_ = open_as_weighted(Transport::kUdp, counts.udp);
  written_before_ = product_->daemon().output().size();
}

void FlowTest::change(const std::function<void(ConfigOptions&)>& edit) {
  edit(config_);
  LAB_ASSERT_OK(product_->write_config(config_text(*topology_, config_)));
  const Result<Exit> reload = product_->ctl({"reload"});
  LAB_ASSERT_OK(reload);
  ASSERT_EQ(reload->status, 0) << reload->output;
}

void FlowTest::change_amid_new_flows(const std::function<void(ConfigOptions&)>& edit) {
  constexpr size_t kAtOnce = 20;
  std::atomic<bool> changed = false;
  std::thread beginner([&] {
    while (!changed) (void)client_->open(Transport::kTcp, kAtOnce);
  });
  change(edit);
  changed = true;
  beginner.join();
}

void FlowTest::change_weights(const Weights& weights) {
  change([&](ConfigOptions& config) { config.weights = weights; });
}

FlowRange FlowTest::open_as_weighted(Transport transport, size_t count) {
  const Result<FlowRange> opened = client_->open(transport, count);
  EXPECT_TRUE(opened) << opened.error().message;
  if (!opened) return {};
  EXPECT_EQ(objection(client_->first_answers(*opened), config_.weights), "");
  return *opened;
}

void FlowTest::expect_all_live() {
  LAB_ASSERT_OK(client_->confirm());
  const FlowReport report = client_->report();
  EXPECT_EQ(report.broken_flows(), 0u) << report.text();
  if (report.broken_flows() > 0) ADD_FAILURE() << product_->daemon().output();
  RecordProperty("flows", int(report.flows));
  RecordProperty("answers", int(report.answers));
  RecordProperty("longest_wait_ms", int(report.longest_wait.count()));
}

void FlowTest::outlive_window() {
  LAB_ASSERT_OK(pause_for(kDrain + milliseconds(500)));
}

std::vector<std::string> FlowTest::complaints() {
  std::vector<std::string> found;
  std::istringstream output(product_->daemon().output().substr(written_before_));
  for (std::string line; std::getline(output, line);)
    if (line.find(" error: ") != line.npos || line.find(" warning: ") != line.npos)
      found.push_back(line);
  return found;
}

SlotStates FlowTest::slots() {
  const nlohmann::json slots = status().at("flows").at("slots");
  return {.clean = slots.at("clean"), .window = slots.at("window"), .tail = slots.at("tail")};
}

uint64_t FlowTest::remembered() {
  const nlohmann::json now = status();
  uint64_t sum = 0;
  for (const nlohmann::json& table : now.at("flows").at("tables"))
    sum += table.at("entries").get<uint64_t>();
  return sum;
}

uint64_t FlowTest::flow_events(const std::string& event) {
  const nlohmann::json now = status();
  for (const nlohmann::json& count : now.at("flows").at("events"))
    if (count.at("event") == event) return count.at("count");
  ADD_FAILURE() << "status knows no event " << event;
  return 0;
}

}  // namespace sluice::netns
