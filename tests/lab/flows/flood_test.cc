// SPDX-License-Identifier: Apache-2.0
// A million SYNs from sources that do not exist, and the flows that live meanwhile.
#include <gmock/gmock.h>

#include <cstdlib>

#include "lab/flows/flow_test.h"
#include "netns/syn_flood.h"

namespace sluice::netns {
namespace {

using testing::IsEmpty;

constexpr uint64_t kSources = 1'000'000;  // to arrive at the balancer
constexpr unsigned kPerSecond = 150'000;  // what the lab's links carry without much loss
constexpr milliseconds kPatience(60000);

// Two of three more backends come before the flood, and three are exchanged in the middle of it.
const Weights kBefore = equal_weights(1, 10);
const Weights kAtFirst = equal_weights(1, 12);
const Weights kMeanwhile = equal_weights(4, 15);

class Flood : public FlowTest {
 protected:
  // Tables far too small for the flood, and a window that is longer: a flow that the flood keeps
  // from being remembered shows itself again before the window's end.
  std::map<std::string, std::string> defaults() const override {
    return {{"flows", "8192"}, {"drain", "30s"}};
  }
  // How many entries of a table went for want of room.
  uint64_t evicted(const std::string& table) {
    const nlohmann::json now = status();
    for (const nlohmann::json& t : now.at("flows").at("tables"))
      if (t.at("table") == table) return t.at("evicted");
    ADD_FAILURE() << "status knows no table " << table;
    return 0;
  }
  uint64_t forwarded() { return status().at("counters").at("forwarded").at("packets"); }
  // Waits until so many packets have been forwarded.
  void wait_forwarded(uint64_t packets) {
    const Clock::time_point deadline = Clock::now() + kPatience;
    while (forwarded() < packets) {
      ASSERT_LT(Clock::now(), deadline) << "the flood does not arrive";
      LAB_ASSERT_OK(pause_for(milliseconds(100)));
    }
  }
  void expect_flood_counted() {
    // About a third of the slots is in transition; the others are none of the tables' business.
    const uint64_t refused = flow_events("REFUSED_QUOTA");
    EXPECT_GT(refused, kSources / 10);
    EXPECT_GT(evicted("doorkeeper"), refused / 2);
    EXPECT_EQ(evicted("new"), 0u);
    EXPECT_EQ(evicted("adopted"), 0u) << "no flow has shown itself twice but ours";
    RecordProperty("refused", int(refused));
    RecordProperty("evicted", int(evicted("doorkeeper")));
  }
};

TEST_F(Flood, OfAMillionSourcesMovesNoFlow) {
  ASSERT_NO_FATAL_FAILURE(begin(kBefore, {.tcp = 700, .udp = 200}));
  ASSERT_NO_FATAL_FAILURE(change_weights(kAtFirst));
  open_as_weighted();

  Result<std::unique_ptr<SynFlood>> flood =
      SynFlood::start(*topology_, {.port = kFlowPort, .per_second = kPerSecond});
  LAB_ASSERT_OK(flood);
  ASSERT_NO_FATAL_FAILURE(wait_forwarded(kSources / 3));
  ASSERT_NO_FATAL_FAILURE(change_weights(kMeanwhile));
  // They may not be remembered, and so go to whoever had their slot before; but there they stay.
  LAB_ASSERT_OK(client_->open(Transport::kTcp, kNewFlows));
  ASSERT_NO_FATAL_FAILURE(wait_forwarded(kSources));
  RecordProperty("sent", int((*flood)->sent()));
  flood->reset();

  ASSERT_NO_FATAL_FAILURE(expect_all_live());
  expect_flood_counted();
  if (getenv("SLUICE_TEST_ALL")) {
    LAB_ASSERT_OK(wait_until([&] { return slots().window == 0; }, kPatience, "the window's end"));
    ASSERT_NO_FATAL_FAILURE(expect_all_live());
    open_as_weighted();
  }
  EXPECT_THAT(complaints(), IsEmpty());
}

}  // namespace
}  // namespace sluice::netns
