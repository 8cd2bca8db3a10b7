// SPDX-License-Identifier: Apache-2.0
// A new configuration file under traffic: how soon it counts, and what a bad one does.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "lab/product_test.h"

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kSoon{1000};  // from rename(2) until new connections follow the new file

class Change : public ProductTest {
 protected:
  // Every connection begun later than kSoon after `changed` follows `weights`.
  void expect_followed(Clock::time_point changed, const Weights& weights) {
    LAB_ASSERT_OK(pause_for(kSoon + milliseconds(1000)));
    const std::vector<Answer> all = stop_traffic(/*may_break=*/1);
    const Tally later =
        tally(select(all, [&](const Answer& a) { return a.sent > changed + kSoon; }));
    EXPECT_GT(later.asked, 50u);
    EXPECT_EQ(objection(later, weights), "");
    milliseconds last_old{0};
    for (const Answer& a : all)
      if (a.backend == "be2") last_old = std::chrono::ceil<milliseconds>(a.sent - changed);
    RecordProperty("last_old_answer_ms", int(last_old.count()));
    if (HasFailure())
      ADD_FAILURE() << "be2's last answer was begun " << last_old.count()
                    << " ms after the change; sluiced wrote:\n"
                    << product_->daemon().output();
  }
  // Puts a file with these weights in place; returns when.
  Clock::time_point write(const Weights& weights) {
    const Result<Clock::time_point> written =
        product_->write_config(config_text(*topology_, {.weights = weights}));
    EXPECT_TRUE(written) << written.error().message;
    return written.value_or(Clock::now());
  }

  const Weights before_ = {{"be1", 100}, {"be2", 100}};
  const Weights after_ = {{"be1", 100}, {"be3", 100}};
};

TEST_F(Change, ReplacedBackendCountsWithinASecond) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  const Clock::time_point changed = write(after_);
  expect_followed(changed, after_);
}

// The file changes through a second name in another directory, so that nothing but the signal
// tells.
TEST_F(Change, SighupCountsWithinASecond) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  const fs::path elsewhere = fs::path(lab_->directory()) / "elsewhere";
  fs::create_directory(elsewhere);
  fs::create_hard_link(product_->config_path(), elsewhere / "sluice.yaml");
  std::ofstream(elsewhere / "sluice.yaml") << config_text(*topology_, {.weights = after_});
  LAB_ASSERT_OK(pause_for(milliseconds(300)));
  const Clock::time_point signalled = Clock::now();
  LAB_ASSERT_OK(product_->daemon().signal(SIGHUP));
  expect_followed(signalled, after_);
  EXPECT_TRUE(product_->daemon().running());
}

TEST_F(Change, SighupWithoutAChangeDisturbsNobody) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  for (int i = 0; i < 3; i++) {
    LAB_ASSERT_OK(product_->daemon().signal(SIGHUP));
    LAB_ASSERT_OK(pause_for(milliseconds(200)));
  }
  EXPECT_EQ(objection(tally(stop_traffic()), before_), "");
}

TEST_F(Change, TheModeCanBeChangedBothWays) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  for (const auto& [word, mode_now] :
       {std::pair("generic", XdpMode::kGeneric), std::pair("native", XdpMode::kNative)}) {
    SCOPED_TRACE(word);
    const std::string text = config_text(*topology_, {.weights = before_, .mode = word});
    LAB_ASSERT_OK(product_->write_config(text));
    Result<void> changed =
        wait_until([&] { return mode() == mode_now; }, milliseconds(2000), "the new mode");
    ASSERT_TRUE(changed) << changed.error().message << "\n" << product_->daemon().output();
    ask(50);
  }
}

TEST_F(Change, ABadFileChangesNothingAndStatusSaysWhy) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  const nlohmann::json at_first = status();
  EXPECT_EQ(at_first.value("last_error", "?"), "");
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  std::string bad = config_text(*topology_, {.weights = after_});
  bad.replace(bad.find("pool: web"), 9, "pool: wbe");
  LAB_ASSERT_OK(product_->write_config(bad));
  LAB_ASSERT_OK(wait_until([&] { return status().value("last_error", "") != ""; },
                           milliseconds(3000), "the error to show in status"));
  const nlohmann::json refused = status();
  EXPECT_THAT(refused.value("last_error", ""), testing::HasSubstr("wbe"));
  EXPECT_EQ(refused.value("generation", -1), at_first.value("generation", -2));
  EXPECT_EQ(objection(tally(stop_traffic()), before_), "");

  write(after_);
  LAB_ASSERT_OK(wait_until([&] { return status().value("last_error", "?") == ""; },
                           milliseconds(3000), "the error to go"));
  expect_shares(ask(100), after_);
}

}  // namespace
}  // namespace sluice::netns
