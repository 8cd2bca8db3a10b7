// SPDX-License-Identifier: Apache-2.0
// The wall clock is set forward and back, by a day. It is the whole machine's, so this is a program
// of its own, which no test run calls but that in a guest (tests/kernels/list).
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "lab/health/health_test.h"

namespace sluice::netns {
namespace {

constexpr time_t kDay = 24 * 60 * 60;

void step(time_t seconds) {
  timespec now = {};
  ASSERT_EQ(clock_gettime(CLOCK_REALTIME, &now), 0);
  now.tv_sec += seconds;
  ASSERT_EQ(clock_settime(CLOCK_REALTIME, &now), 0);
}

// Lines of the log that say what has become of a backend.
size_t count_verdicts(const std::string& log) {
  size_t n = 0;
  for (size_t at = log.find("last answer:"); at != log.npos; at = log.find("last answer:", at + 1))
    n++;
  return n;
}

TEST_F(HealthTest, StepsOfTheClockChangeNothing) {
  ASSERT_NE(getenv("SLUICE_MAY_STEP_THE_CLOCK"), nullptr)
      << "this sets the machine's clock; say SLUICE_MAY_STEP_THE_CLOCK=1 if that is what you want";
  ASSERT_NO_FATAL_FAILURE(begin_checked("http: /, port: 80, hold-down: 10m", {.tcp = 0, .udp = 0}));
  ctl({"backend", "drain", "web/be2", "--for", "1h"});
  ASSERT_NO_FATAL_FAILURE(unload_agent("be1"));
  ASSERT_NO_FATAL_FAILURE(await_state("be1", "down", kKnown + milliseconds(10000)));
  LAB_ASSERT_OK(pause_for(milliseconds(2000)));
  const size_t verdicts = count_verdicts(product_->daemon().output());
  for (const time_t by : {kDay, -2 * kDay, kDay}) {
    ASSERT_NO_FATAL_FAILURE(step(by));
    LAB_ASSERT_OK(pause_for(2 * kKnown));
    EXPECT_EQ(state_of("be1"), "down") << by;
    EXPECT_EQ(state_of("be2"), "drained") << by;
    const double left = backend("be2").at("overrides")[0].at("ends_in");
    EXPECT_GT(left, 3000) << by;
    EXPECT_LE(left, 3600) << by;
    for (int i = 3; i <= 10; i++) EXPECT_EQ(state_of("be" + std::to_string(i)), "up") << by;
  }
  EXPECT_EQ(count_verdicts(product_->daemon().output()), verdicts);
}

}  // namespace
}  // namespace sluice::netns
