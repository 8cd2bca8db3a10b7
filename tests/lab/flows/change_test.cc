// SPDX-License-Identifier: Apache-2.0
// Every kind of change under living flows: none of them may notice, and new ones follow at once.
#include <gmock/gmock.h>

#include <cstdlib>

#include "lab/deployment.h"
#include "lab/flows/flow_test.h"

namespace sluice::netns {
namespace {

using testing::IsEmpty;
using Edit = std::function<void(ConfigOptions&)>;

const Weights kTen = equal_weights(1, 10);

Edit weights(const Weights& w) {
  return [w](ConfigOptions& config) { config.weights = w; };
}
Edit weight(const std::string& backend, unsigned w) {
  return [backend, w](ConfigOptions& config) { config.weights[backend] = w; };
}
Edit remove(const std::string& backend) {
  return [backend](ConfigOptions& config) { config.weights.erase(backend); };
}
Edit tunnel(const std::string& forward) {
  return [forward](ConfigOptions& config) { config.forward = forward; };
}
Edit setting(const std::string& key, const std::string& value) {
  return [key, value](ConfigOptions& config) { config.defaults[key] = value; };
}
void mix_weights(ConfigOptions& config) {
  unsigned i = 0;
  for (auto& [backend, w] : config.weights) w = i++ % 2 ? 50 : 150;
}

// Files that follow one another at once, each of them a change to the one before.
struct Event {
  std::string name;
  std::vector<Edit> edits;
};
const Event kThreeInARow = {"ThreeChangesInARow",
                            {weight("be11", 100), remove("be1"), mix_weights}};
const std::vector<Event> kEvents = {
    {"OneIsAdded", {weight("be11", 100)}},
    {"OneIsRemoved", {remove("be1")}},
    {"OneIsDrainedAndThenRemoved", {weight("be1", 0), remove("be1")}},
    {"WeightsChange", {mix_weights}},
    {"HalfThePoolIsExchanged", {weights(equal_weights(6, 15))}},
    {"TheTunnelChanges", {tunnel("gre")}},
    {"TrackingBecomesAlways", {weight("be1", 0), setting("tracking", "always")}},
    {"TrackingEnds", {weight("be1", 0), setting("tracking", "never")}},
    {"TheFlowTablesGrow", {weight("be1", 0), setting("flows", "65536")}},
    {"TheRingGrows", {setting("ring", "131071")}},
    {"TheRingShrinks", {setting("ring", "1021")}},
    {"TheRingShrinksAndOneIsDrained", {setting("ring", "1021"), weight("be1", 0)}},
    kThreeInARow,
};

struct Row {
  Event event;
  std::string mode;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.event.name << ", " << row.mode;
}

// What is not native has one row, or with SLUICE_TEST_ALL in the environment every one.
std::vector<Row> rows() {
  std::vector<Row> all;
  for (const std::string& mode : kModes)
    for (const Event& event : kEvents)
      if (mode == "native" || event.name == kThreeInARow.name || getenv("SLUICE_TEST_ALL"))
        all.push_back({event, mode});
  return all;
}

class FlowsLive : public FlowTest, public testing::WithParamInterface<Row> {};

TEST_P(FlowsLive, ThroughAChangeAndTheEndOfItsWindow) {
  ASSERT_NO_FATAL_FAILURE(begin(kTen, {}, GetParam().mode));
  for (const Edit& edit : GetParam().event.edits) {
    ASSERT_NO_FATAL_FAILURE(change_amid_new_flows(edit));
    open_as_weighted();
  }
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
  ASSERT_NO_FATAL_FAILURE(outlive_window());
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
  open_as_weighted();
  // UDP does not tell its beginning: unknown flows are new ones only now.
  open_as_weighted(Transport::kUdp);
  EXPECT_THAT(complaints(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Event, FlowsLive, testing::ValuesIn(rows()), [](const auto& row) {
  return row.param.event.name + "_" + row.param.mode;
});

class WithoutTracking : public FlowTest {
 protected:
  std::map<std::string, std::string> defaults() const override { return {{"tracking", "never"}}; }
};

// What the tests above would look like if nothing was remembered; and that they would tell.
TEST_F(WithoutTracking, EveryMovedFlowIsSeenToBreak) {
  const FlowCounts counts = {};
  ASSERT_NO_FATAL_FAILURE(begin(kTen, counts));
  ASSERT_NO_FATAL_FAILURE(change(weights(equal_weights(6, 15))));
  open_as_weighted();
  open_as_weighted(Transport::kUdp);
  LAB_ASSERT_OK(client_->confirm());
  // Half of the backends are others, and a little more than half of the slots.
  for (const auto& [range, reason] : {std::pair(tcp_, "Connection reset by peer"),
                                      std::pair(udp_, "answered by another backend")}) {
    const FlowReport report = client_->report(range);
    RecordProperty(reason, report.text());
    EXPECT_GT(report.broken_flows(), report.flows * 2 / 5) << report.text();
    EXPECT_LT(report.broken_flows(), report.flows * 4 / 5) << report.text();
    EXPECT_EQ(report.broken_flows(), report.broken.at(reason)) << report.text();
  }
}

}  // namespace
}  // namespace sluice::netns
