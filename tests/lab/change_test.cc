// SPDX-License-Identifier: Apache-2.0
// A new configuration file under traffic: how soon it counts, and what a bad one does.
#include <fmt/format.h>
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
  // Asks for another mode, and for an interface that is not there; natively the old backends serve
  // on.
  void fail_half_way(const std::string& mode_asked) {
    const nlohmann::json generation = status().at("generation");
    std::string text = config_text(*topology_, {.weights = after_, .mode = mode_asked});
    const std::string first = fmt::format("  {}: {{mode: {}}}\n", kDevice, mode_asked);
    const size_t at = text.find(first);
    ASSERT_NE(at, std::string::npos) << text;
    text.insert(at + first.size(), "  nosuch: {mode: native}\n");
    LAB_ASSERT_OK(product_->write_config(text));
    LAB_ASSERT_OK(wait_until(
        [&] { return product_->daemon().output().find("no such interface") != std::string::npos; },
        milliseconds(5000), "the daemon to refuse the file"));
    EXPECT_THAT(product_->daemon().output(), testing::HasSubstr("detaching from native mode"));
    EXPECT_EQ(attached_mode(), "native");
    EXPECT_EQ(mode(), XdpMode::kNative);
    EXPECT_EQ(status().at("generation"), generation);
    EXPECT_EQ(objection(ask(100), before_), "");
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

// Behind a gateway that nobody has asked for yet.
TEST_F(Change, WaitsForTheNextHopsOfItsBackends) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  const std::string text = config_text(*topology_, {.weights = after_, .ipv6_backends = true});
  LAB_ASSERT_OK(product_->write_config(text));
  LAB_ASSERT_OK(pause_for(kSoon));
  stop_traffic(/*may_break=*/1);
  EXPECT_EQ(dropped(), 0u) << product_->daemon().output();
  expect_shares(ask(100), after_);
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

// The first interface has changed its mode already when the second one turns out not to exist.
TEST_F(Change, ThatFailsHalfWayPutsTheOldModeBack) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  ASSERT_NO_FATAL_FAILURE(fail_half_way("tc"));
}

// No other hook and no larger table: the data plane stays, and only the mode is to be undone.
TEST_F(Change, ThatFailsHalfWayPutsTheOldModeBackAtTheSameHook) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  ASSERT_NO_FATAL_FAILURE(fail_half_way("generic"));
}

// Mode auto would take the generic mode that the failed change has left.
TEST_F(Change, ThatFailsHalfWayPutsBackWhatAutoHadFound) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_, .mode = "auto"}));
  ASSERT_NO_FATAL_FAILURE(fail_half_way("generic"));
}

// veth runs nothing natively when its peer may send more than a page. The old mode is gone by the
// time the driver says so.
TEST_F(Change, ToAModeTheDriverRefusesPutsTheOldModeBack) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_, .mode = "generic"}));
  LAB_ASSERT_OK(topology_->router().netlink().set_mtu("balancer", 8000));
  const nlohmann::json generation = status().at("generation");
  write(after_);
  LAB_ASSERT_OK(wait_until([&] { return status().value("last_error", "") != ""; },
                           milliseconds(5000), "the daemon to refuse the file"));
  EXPECT_THAT(status().value("last_error", ""), testing::HasSubstr("the driver refuses"));
  EXPECT_EQ(attached_mode(), "generic");
  EXPECT_EQ(mode(), XdpMode::kGeneric);
  EXPECT_EQ(status().at("generation"), generation);
  EXPECT_EQ(objection(ask(100), before_), "");
}

}  // namespace
}  // namespace sluice::netns
