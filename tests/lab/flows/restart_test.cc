// SPDX-License-Identifier: Apache-2.0
// The daemon ends and comes back amid changes, under living flows: none of them may notice.
#include <gmock/gmock.h>
#include <signal.h>

#include "lab/deployment.h"
#include "lab/flows/flow_test.h"

namespace sluice::netns {
namespace {

using testing::HasSubstr;
using testing::Not;

const Weights kTen = equal_weights(1, 10);

void exchange_half(ConfigOptions& config) {
  config.weights = equal_weights(6, 15);
}

class FlowsRestart : public FlowTest, public testing::WithParamInterface<int> {
 protected:
  // By the signal of this row.
  void end_daemon() {
    LAB_ASSERT_OK(GetParam() == SIGKILL ? product_->daemon().kill() : product_->daemon().stop());
  }
  // The daemon goes on with what runs: it has not made tables anew, which would forget slots.
  void start_daemon() {
    LAB_ASSERT_OK(product_->start_daemon());
    EXPECT_THAT(product_->daemon().output(), HasSubstr("going on with generation"));
  }
  void restart() {
    ASSERT_NO_FATAL_FAILURE(end_daemon());
    ASSERT_NO_FATAL_FAILURE(start_daemon());
  }
  void edit_file(const std::function<void(ConfigOptions&)>& edit) {
    edit(config_);
    LAB_ASSERT_OK(product_->write_config(config_text(*topology_, config_)));
  }
  void expect_a_clean_end() {
    ASSERT_NO_FATAL_FAILURE(expect_all_live());
    ASSERT_NO_FATAL_FAILURE(outlive_window());
    ASSERT_NO_FATAL_FAILURE(expect_all_live());
    open_as_weighted();
    open_as_weighted(Transport::kUdp);
    ASSERT_NO_FATAL_FAILURE(expect_all_live());
  }
};

TEST_P(FlowsRestart, BeforeAChange) {
  ASSERT_NO_FATAL_FAILURE(begin(kTen));
  ASSERT_NO_FATAL_FAILURE(restart());
  ASSERT_NO_FATAL_FAILURE(change_amid_new_flows(exchange_half));
  open_as_weighted();
  expect_a_clean_end();
}

// Half of the slots are in their windows, which go on as they were.
TEST_P(FlowsRestart, InTheWindowOfAChange) {
  ASSERT_NO_FATAL_FAILURE(begin(kTen));
  ASSERT_NO_FATAL_FAILURE(change_amid_new_flows(exchange_half));
  open_as_weighted();
  const SlotStates before = slots();
  EXPECT_GT(before.window, 0u);
  ASSERT_NO_FATAL_FAILURE(restart());
  EXPECT_EQ(slots().window, before.window);
  EXPECT_EQ(slots().clean, before.clean);
  expect_a_clean_end();
}

TEST_P(FlowsRestart, AfterTheWindow) {
  ASSERT_NO_FATAL_FAILURE(begin(kTen));
  ASSERT_NO_FATAL_FAILURE(change_amid_new_flows(exchange_half));
  ASSERT_NO_FATAL_FAILURE(outlive_window());
  const SlotStates before = slots();
  EXPECT_GT(before.tail, 0u);
  ASSERT_NO_FATAL_FAILURE(restart());
  expect_a_clean_end();
}

TEST_P(FlowsRestart, TheFileChangesWhileItIsAway) {
  ASSERT_NO_FATAL_FAILURE(begin(kTen));
  ASSERT_NO_FATAL_FAILURE(end_daemon());
  ASSERT_NO_FATAL_FAILURE(edit_file(exchange_half));
  ASSERT_NO_FATAL_FAILURE(start_daemon());
  EXPECT_GT(slots().window, 0u);
  open_as_weighted();
  expect_a_clean_end();
}

// Another tunnel is other bytes for every member, and an exchange of the whole pool twice leaves
// nobody who was there.
TEST_P(FlowsRestart, BetweenThreeChanges) {
  ASSERT_NO_FATAL_FAILURE(begin(kTen));
  ASSERT_NO_FATAL_FAILURE(change_amid_new_flows(exchange_half));
  ASSERT_NO_FATAL_FAILURE(restart());
  ASSERT_NO_FATAL_FAILURE(
      change_amid_new_flows([](ConfigOptions& config) { config.forward = "gre"; }));
  ASSERT_NO_FATAL_FAILURE(restart());
  ASSERT_NO_FATAL_FAILURE(
      change_amid_new_flows([](ConfigOptions& config) { config.weights = kTen; }));
  ASSERT_NO_FATAL_FAILURE(restart());
  open_as_weighted();
  expect_a_clean_end();
}

// A change that asks for other tables makes a new data plane, which is gone on with in its turn.
TEST_P(FlowsRestart, AfterTheTablesWereExchanged) {
  ASSERT_NO_FATAL_FAILURE(begin(kTen));
  ASSERT_NO_FATAL_FAILURE(change([](ConfigOptions& config) {
    exchange_half(config);
    config.defaults["flows"] = "65536";
  }));
  ASSERT_NO_FATAL_FAILURE(restart());
  expect_a_clean_end();
}

INSTANTIATE_TEST_SUITE_P(Daemon, FlowsRestart, testing::Values(SIGTERM, SIGKILL),
                         [](const auto& signal) {
                           return std::string(sigabbrev_np(signal.param));
                         });

// Killed at a random moment of a change, again and again.
class FlowsKill : public FlowTest {};

TEST_F(FlowsKill, AmidChanges) {
  ASSERT_NO_FATAL_FAILURE(begin(kTen));
  for (int round = 0; round < 12; round++) {
    config_.weights = round % 2 ? kTen : equal_weights(6, 15);
    config_.forward = round % 3 ? "ipip" : "gre";
    LAB_ASSERT_OK(product_->write_config(config_text(*topology_, config_)));
    // The file is noticed after 50 ms; a change takes some tens more.
    LAB_ASSERT_OK(pause_for(milliseconds(45 + 7 * round)));
    LAB_ASSERT_OK(product_->daemon().kill());
    LAB_ASSERT_OK(product_->start_daemon());
    EXPECT_THAT(product_->daemon().output(), HasSubstr("going on with generation"));
    EXPECT_THAT(product_->daemon().output(), Not(HasSubstr("warning")));
  }
  open_as_weighted();
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
  ASSERT_NO_FATAL_FAILURE(outlive_window());
  ASSERT_NO_FATAL_FAILURE(expect_all_live());
}

}  // namespace
}  // namespace sluice::netns
