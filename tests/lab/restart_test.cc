// SPDX-License-Identifier: Apache-2.0
// The data plane without the daemon: it forwards on, is taken over, and can be taken away.
#include <signal.h>

#include <filesystem>

#include "lab/product_test.h"

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;

const Weights kAll = {{"be1", 100}, {"be2", 100}, {"be3", 100}};
const Weights kFewer = {{"be1", 100}, {"be2", 100}};

class Restart : public ProductTest, public testing::WithParamInterface<int> {
 protected:
  // The kernel lets go of a link a moment after its last pin or descriptor is gone.
  void expect_gone() {
    EXPECT_FALSE(fs::exists(product_->bpffs() + "/sluice/" + kInstance));
    LAB_ASSERT_OK(wait_until([&] { return mode() == XdpMode::kNone; }, milliseconds(1000),
                             "the XDP program to be detached"));
  }
  // Ends the daemon by the signal of this row.
  void end_daemon() {
    Result<Exit> exit =
        GetParam() == SIGKILL ? product_->daemon().kill() : product_->daemon().stop();
    LAB_ASSERT_OK(exit);
    if (GetParam() == SIGTERM) {
      EXPECT_EQ(exit->status, 0) << exit->output;
    }
  }
};

TEST_P(Restart, DataPlaneForwardsOnAndIsTakenOver) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll}));
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  ASSERT_NO_FATAL_FAILURE(end_daemon());
  LAB_ASSERT_OK(pause_for(milliseconds(500)));
  LAB_ASSERT_OK(product_->start_daemon());
  LAB_ASSERT_OK(pause_for(milliseconds(300)));
  EXPECT_EQ(objection(tally(stop_traffic()), kAll), "");
}

TEST_P(Restart, AFileChangedMeanwhileCountsAfterTheRestart) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll}));
  ASSERT_NO_FATAL_FAILURE(end_daemon());
  LAB_ASSERT_OK(product_->write_config(config_text(*topology_, {.weights = kFewer})));
  expect_shares(ask(100), kAll);
  LAB_ASSERT_OK(product_->start_daemon());
  expect_shares(ask(100), kFewer);
}

TEST_P(Restart, UnloadTakesAwayWhatTheDaemonLeft) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll}));
  ASSERT_NO_FATAL_FAILURE(end_daemon());
  Result<Exit> exit = product_->unload();
  LAB_ASSERT_OK(exit);
  EXPECT_EQ(exit->status, 0) << exit->output;
  expect_gone();
}

INSTANTIATE_TEST_SUITE_P(Daemon, Restart, testing::Values(SIGTERM, SIGKILL),
                         [](const auto& signal) {
                           return std::string(sigabbrev_np(signal.param));
                         });

class Unload : public Restart {};

// Unlike a link, a clsact filter, which this is before Linux 6.6, does not go with its pin.
TEST_F(Unload, WithoutADaemonLeavesNoFilter) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll, .mode = "tc"}));
  LAB_ASSERT_OK(product_->daemon().kill());
  const Result<Exit> exit = product_->unload();
  LAB_ASSERT_OK(exit);
  EXPECT_EQ(exit->status, 0) << exit->output;
  const Result<Exit> filters = run_program(
      topology_->balancer(), {"/usr/sbin/tc", "filter", "show", "dev", kDevice, "ingress"});
  LAB_ASSERT_OK(filters);
  EXPECT_EQ(filters->output, "");
}

TEST_F(Unload, OfARunningDaemonEndsIt) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll}));
  Result<Exit> exit = product_->unload();
  LAB_ASSERT_OK(exit);
  EXPECT_EQ(exit->status, 0) << exit->output;
  Result<Exit> daemon = product_->daemon().wait(milliseconds(3000));
  LAB_ASSERT_OK(daemon);
  EXPECT_EQ(daemon->status, 0) << daemon->output;
  expect_gone();
}

}  // namespace
}  // namespace sluice::netns
