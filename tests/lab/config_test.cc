// SPDX-License-Identifier: Apache-2.0
// `sluicectl config ...` with the real daemon: what it says is what happens.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "lab/product_test.h"

namespace sluice::netns {
namespace {

using ::testing::HasSubstr;

class ConfigVerbs : public ProductTest {
 protected:
  // A file beside the configuration.
  std::string file(const ConfigOptions& options) {
    const std::string path = lab_->directory() + "/new-text.yaml";
    std::ofstream(path) << config_text(*topology_, options);
    return path;
  }
  Exit ctl(std::vector<std::string> args) {
    args.insert(args.begin(), "config");
    Result<Exit> exit = product_->ctl(args);
    EXPECT_TRUE(exit) << exit.error().message;
    return exit ? *exit : Exit{.status = -1};
  }
  nlohmann::json json(std::vector<std::string> args) {
    args.insert(args.begin(), {"-o", "json"});
    const Exit exit = ctl_plain(args);
    EXPECT_EQ(exit.status, 0) << exit.output;
    return nlohmann::json::parse(exit.output, nullptr, /*allow_exceptions=*/false);
  }
  Exit ctl_plain(const std::vector<std::string>& args) {
    Result<Exit> exit = product_->ctl(args);
    EXPECT_TRUE(exit) << exit.error().message;
    return exit ? *exit : Exit{.status = -1};
  }

  bool shares_logged(const std::string& line) {
    return product_->daemon().output().find(line) != std::string::npos;
  }

  const Weights before_ = {{"be1", 100}, {"be2", 100}};
  const Weights after_ = {{"be1", 100}, {"be3", 100}};
};

TEST_F(ConfigVerbs, ADiffSaysWhatMovesAndTouchesNothing) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  const nlohmann::json at_first = status();
  const nlohmann::json diff = json({"config", "diff", file({.weights = after_})});
  EXPECT_EQ(diff.at("changes"), true);
  ASSERT_EQ(diff.at("services").size(), 1u) << diff.dump(2);
  const double moved = diff.at("services")[0].at("moved");
  EXPECT_GE(moved, 0.49);
  EXPECT_EQ(diff.at("unresolved").size(), 1u) << "be3 was never asked for";
  EXPECT_TRUE(diff.at("new_data_plane").empty());
  EXPECT_EQ(status().at("generation"), at_first.at("generation"));
  expect_shares(ask(60), before_);

  const nlohmann::json same = json({"config", "diff", product_->config_path()});
  EXPECT_EQ(same.at("changes"), false) << same.dump(2);
  EXPECT_EQ(same.at("text_changes"), false);
  const nlohmann::json mode = json({"config", "diff", file({.weights = before_, .mode = "tc"})});
  EXPECT_TRUE(mode.at("new_data_plane").empty()) << mode.dump(2);
  EXPECT_FALSE(mode.at("new_programs").empty()) << mode.dump(2);

  LAB_ASSERT_OK(product_->write_config(config_text(*topology_, {.weights = after_})));
  const std::string said = fmt::format("{:.2f}% of its slots go to another backend", moved * 100);
  LAB_ASSERT_OK(wait_until([&] { return status().at("generation") != at_first.at("generation"); },
                           milliseconds(2000), "the file to be in force"));
  LAB_ASSERT_OK(wait_until([&] { return shares_logged(said); }, milliseconds(2000), said));
}

TEST_F(ConfigVerbs, ADiffIsRefusedAsTheFileWouldBe) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  std::ofstream(file({.weights = after_}), std::ios::app) << "nonsense: 1\n";
  const Exit bad = ctl({"diff", lab_->directory() + "/new-text.yaml"});
  EXPECT_EQ(bad.status, 1);
  EXPECT_EQ(bad.output, ctl({"check", lab_->directory() + "/new-text.yaml"}).output);
  EXPECT_THAT(bad.output, HasSubstr("/new-text.yaml:"));
}

TEST_F(ConfigVerbs, AnApplyIsInForceOnceAndInTheFile) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  const Exit applied = ctl({"apply", file({.weights = after_})});
  EXPECT_EQ(applied.status, 0) << applied.output;
  expect_shares(ask(60), after_);
  LAB_ASSERT_OK(pause_for(milliseconds(300)));  // the watch sees the file
  const nlohmann::json history = json({"config", "history"});
  ASSERT_EQ(history.size(), 2u) << history.dump(2);
  EXPECT_EQ(history[0].at("by"), "apply");
  EXPECT_EQ(ctl({"show"}).output, config_text(*topology_, {.weights = after_}));
  EXPECT_EQ(status().value("last_error", "?"), "");
  LAB_ASSERT_OK(product_->daemon().kill());
  LAB_ASSERT_OK(product_->start_daemon());
  expect_shares(ask(60), after_);
}

TEST_F(ConfigVerbs, WhatIsNotConfirmedIsUndoneUnderRequests) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  const Clock::time_point begin = Clock::now();
  EXPECT_EQ(ctl({"apply", file({.weights = after_}), "--confirm", "2s"}).status, 0);
  EXPECT_EQ(status().at("unconfirmed"), true);
  LAB_ASSERT_OK(wait_until([&] { return !status().at("unconfirmed").get<bool>(); },
                           milliseconds(4000), "the change to be undone"));
  EXPECT_GE(Clock::now() - begin, milliseconds(2000));
  LAB_ASSERT_OK(pause_for(milliseconds(300)));
  stop_traffic();
  expect_shares(ask(60), before_);
  EXPECT_EQ(json({"config", "diff", product_->config_path()}).at("text_changes"), false);
  EXPECT_EQ(ctl({"confirm"}).status, 1);
  EXPECT_EQ(json({"config", "history"})[0].at("by"), "confirm-timeout");
}

TEST_F(ConfigVerbs, ADaemonThatIsKilledMeanwhileUndoesItInTime) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  EXPECT_EQ(ctl({"apply", file({.weights = after_}), "--confirm", "4s"}).status, 0);
  LAB_ASSERT_OK(product_->daemon().kill());
  LAB_ASSERT_OK(product_->start_daemon());
  EXPECT_EQ(status().at("unconfirmed"), true);
  LAB_ASSERT_OK(wait_until([&] { return !status().at("unconfirmed").get<bool>(); },
                           milliseconds(6000), "the change to be undone"));
  EXPECT_EQ(ctl({"apply", file({.weights = after_}), "--confirm", "1s"}).status, 0);
  LAB_ASSERT_OK(product_->daemon().kill());
  LAB_ASSERT_OK(pause_for(milliseconds(1200)));
  LAB_ASSERT_OK(product_->start_daemon());
  LAB_ASSERT_OK(pause_for(milliseconds(300)));
  stop_traffic();
  expect_shares(ask(60), before_);
  EXPECT_EQ(status().at("unconfirmed"), false);
  EXPECT_EQ(json({"config", "diff", product_->config_path()}).at("text_changes"), false);
}

TEST_F(ConfigVerbs, ABrokenFileStartsTheLastConfigurationInForce) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  LAB_ASSERT_OK(product_->daemon().stop());
  LAB_ASSERT_OK(product_->write_config("nonsense: [\n"));
  LAB_ASSERT_OK(product_->start_daemon());
  EXPECT_THAT(status().value("last_error", ""), HasSubstr("sluice.yaml:1:"));
  expect_shares(ask(60), before_);
  const Exit back = ctl({"rollback", "0"});
  EXPECT_EQ(back.status, 0) << back.output;
  EXPECT_EQ(status().value("last_error", "?"), "");
}

TEST_F(ConfigVerbs, WhatCannotBeIsRefusedBeforeAnythingIsTouched) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  const nlohmann::json at_first = status();
  std::string text = config_text(*topology_, {.weights = after_});
  text.insert(text.find("defaults:"), "  nosuch: {mode: native}\n");
  const std::string path = file({.weights = after_});
  std::ofstream(path) << text;
  for (const char* verb : {"diff", "apply"}) {
    const Exit refused = ctl({verb, path});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.output, HasSubstr("interface nosuch: there is no such interface"));
  }
  EXPECT_EQ(status().at("generation"), at_first.at("generation"));
  EXPECT_EQ(json({"config", "diff", product_->config_path()}).at("text_changes"), false);
}

TEST_F(ConfigVerbs, ARollbackBringsTheOneBefore) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = before_}));
  EXPECT_EQ(ctl({"apply", file({.weights = after_})}).status, 0);
  const Exit back = ctl({"rollback"});
  EXPECT_EQ(back.status, 0) << back.output;
  expect_shares(ask(60), before_);
}

}  // namespace
}  // namespace sluice::netns
