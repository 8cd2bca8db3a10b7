// SPDX-License-Identifier: Apache-2.0
// The daemon ends and starts again, many times, and packets do not notice.
#include <fmt/format.h>
#include <signal.h>

#include "lab/changes/numbered_test.h"

namespace sluice::netns {
namespace {

class DaemonEnds : public NumberedTest, public testing::WithParamInterface<int> {
 protected:
  void end_daemon() {
    const Result<Exit> exit =
        GetParam() == SIGKILL ? product_->daemon().kill() : product_->daemon().stop();
    LAB_ASSERT_OK(exit);
    if (GetParam() == SIGTERM) {
      ASSERT_EQ(exit->status, 0) << exit->output;
    }
  }
  void restart() {
    ASSERT_NO_FATAL_FAILURE(end_daemon());
    LAB_ASSERT_OK(product_->start_daemon());
  }
  // The file changes while nobody watches it.
  void restart_with_another_file() {
    const Shown next = {.generation = other(shown_.generation)};
    expect_cut(next.generation, [&] {
      ASSERT_NO_FATAL_FAILURE(end_daemon());
      ASSERT_NO_FATAL_FAILURE(write(next));
      LAB_ASSERT_OK(product_->start_daemon());
    });
  }
};

TEST_P(DaemonEnds, AndStartsAgainWithoutLosingAPacket) {
  const size_t count = soaking() ? 100 : 10;
  ASSERT_NO_FATAL_FAILURE(begin());
  for (size_t i = 0; i < count; i++) {
    ASSERT_NO_FATAL_FAILURE(i % 2 ? restart_with_another_file() : restart());
  }
  end(fmt::format("restarts after SIG{}", sigabbrev_np(GetParam())), count);
}

// In the middle of a change, somewhere from the file to the swap.
TEST_P(DaemonEnds, AmidAChange) {
  const size_t count = soaking() ? 100 : 10;
  ASSERT_NO_FATAL_FAILURE(begin());
  for (size_t i = 0; i < count; i++) {
    const Shown next = {.generation = other(shown_.generation)};
    expect_cut(next.generation, [&] {
      ASSERT_NO_FATAL_FAILURE(write(next));
      LAB_ASSERT_OK(product_->daemon().signal(SIGHUP));
      LAB_ASSERT_OK(pause_for(milliseconds(i * 7 % 70)));  // a change takes about as long
      ASSERT_NO_FATAL_FAILURE(restart());
    });
  }
  end(fmt::format("SIG{}s amid a change", sigabbrev_np(GetParam())), count);
}

INSTANTIATE_TEST_SUITE_P(By, DaemonEnds, testing::Values(SIGTERM, SIGKILL), [](const auto& signal) {
  return std::string(sigabbrev_np(signal.param));
});

}  // namespace
}  // namespace sluice::netns
