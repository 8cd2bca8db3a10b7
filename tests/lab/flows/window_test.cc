// SPDX-License-Identifier: Apache-2.0
// Flows from one state of the slots to the next: CLEAN, WINDOW, TAIL and CLEAN again.
#include <gmock/gmock.h>

#include "lab/flows/flow_test.h"

namespace sluice::netns {
namespace {

using testing::IsEmpty;

const Weights kTen = equal_weights(1, 10);
const Weights kExchanged = equal_weights(6, 15);

class Window : public FlowTest {
 protected:
  static constexpr milliseconds kSettled{20000};

  void wait_clean() {
    LAB_ASSERT_OK(wait_until([&] { return slots().clean_only(); }, kSettled, "clean slots"));
  }
};

TEST_F(Window, FlowsOutliveItTheTailAndTheReturnToClean) {
  ASSERT_NO_FATAL_FAILURE(begin(kTen));
  EXPECT_TRUE(slots().clean_only());
  ASSERT_NO_FATAL_FAILURE(change_weights(kExchanged));
  EXPECT_GT(slots().window, 0u);
  open_as_weighted();
  // Old flows go on in the slots of others, and hold them in TAIL.
  LAB_ASSERT_OK(wait_until([&] { return slots().window == 0; }, kSettled, "the window's end"));
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
  EXPECT_GT(slots().tail, 0u);
  open_as_weighted();
  open_as_weighted(Transport::kUdp);

  client_->close(tcp_);
  client_->close(udp_);
  ASSERT_NO_FATAL_FAILURE(wait_clean());
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
  // Those removed leave for good, and nothing is remembered any more.
  LAB_ASSERT_OK(wait_until([&] { return status().at("members") == 2 * kExchanged.size(); },
                           kSettled, "those removed to leave"));
  EXPECT_EQ(remembered(), 0u);
  EXPECT_THAT(complaints(), IsEmpty());
}

// The flows of the time between are the ones in the wrong slots then.
TEST_F(Window, AChangeTakenBackLeavesEveryFlowWhereItIs) {
  ASSERT_NO_FATAL_FAILURE(begin(kTen));
  ASSERT_NO_FATAL_FAILURE(change_weights(kExchanged));
  const FlowRange between = open_as_weighted();
  ASSERT_NO_FATAL_FAILURE(change_weights(kTen));
  EXPECT_EQ(slots().window, 0u);
  EXPECT_GT(slots().tail, 0u);
  open_as_weighted();
  ASSERT_NO_FATAL_FAILURE(outlive_window());
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
  EXPECT_GT(slots().tail, 0u);

  client_->close(between);
  ASSERT_NO_FATAL_FAILURE(wait_clean());
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
  EXPECT_THAT(complaints(), IsEmpty());
}

// UDP does not tell its beginning. What no table knows is taken for an old flow in the window.
TEST_F(Window, NewUdpFlowsWaitForItsEnd) {
  ASSERT_NO_FATAL_FAILURE(begin(kTen));
  ASSERT_NO_FATAL_FAILURE(change_weights(kExchanged));
  const Result<FlowRange> within = client_->open(Transport::kUdp, kNewFlows);
  LAB_ASSERT_OK(within);
  EXPECT_EQ(objection(client_->first_answers(*within), kTen), "");
  ASSERT_NO_FATAL_FAILURE(outlive_window());
  open_as_weighted(Transport::kUdp);
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
}

class AlwaysTracked : public Window {
 protected:
  std::map<std::string, std::string> defaults() const override {
    std::map<std::string, std::string> keys = Window::defaults();
    keys["tracking"] = "always";
    return keys;
  }
};

TEST_F(AlwaysTracked, NewUdpFlowsFollowAtOnce) {
  ASSERT_NO_FATAL_FAILURE(begin(kTen));
  // Until every flow that is older than the tracking has had the time to show itself.
  ASSERT_NO_FATAL_FAILURE(outlive_window());
  ASSERT_NO_FATAL_FAILURE(change_weights(kExchanged));
  open_as_weighted(Transport::kUdp);
  open_as_weighted();
  ASSERT_NO_FATAL_FAILURE(outlive_window());
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
  EXPECT_THAT(complaints(), IsEmpty());
}

}  // namespace
}  // namespace sluice::netns
