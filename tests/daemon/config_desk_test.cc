// SPDX-License-Identifier: Apache-2.0
// Applying, confirming, undoing: with a data plane that only remembers what it was told.
#include "daemon/config_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/sealed_text.h"
#include "support/temporary_folder.h"

namespace sluice {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

// Told apart by their seed.
std::string text_of(const std::string& seed) {
  return "version: 1\ninterfaces: {eth0: {}}\ndefaults: {seed: " + seed + "}\nservices: {}\n";
}

struct ConfigDeskTest : ::testing::Test {
  test::TemporaryFolder folder;
  std::string file = folder.path("sluice.yaml");
  std::string state = folder.path("state");
  EventLoop loop = EventLoop::create().value();
  std::vector<std::string> put;  // seeds, in the order they came into force
  std::string refuses;           // the seed that cannot be put in force
  std::string does_not_fit;      // the one that preview() refuses
  std::optional<ConfigDesk> desk;

  Road road() {
    return {.preview = [this](const Config& c) -> Result<api::ConfigDiff> {
              if (c.seed == does_not_fit) return Error{"it does not fit"};
              return api::ConfigDiff{.generation = put.size(), .changes = true};
            },
            .put = [this](const Config& c) -> Result<void> {
              if (c.seed == refuses) return Error{"it cannot be put in force"};
              put.push_back(c.seed);
              return {};
            },
            .generation = [this] { return uint64_t(put.size()); }};
  }
  void write(const std::string& text) { std::ofstream(file, std::ios::trunc) << text; }
  std::string read() const {
    std::ostringstream out;
    out << std::ifstream(file).rdbuf();
    return out.str();
  }
  // As a daemon does it.
  void start(int64_t now = std::time(nullptr)) {
    desk.reset();
    ConfigStore store = ConfigStore::open(state);
    Result<Beginning> beginning = choose_beginning(file, store, now);
    ASSERT_TRUE(beginning) << beginning.error().message;
    put.push_back(beginning->config.seed);
    desk.emplace(loop, road(), file, std::move(store));
    desk->begin(*beginning);
    error = beginning->error;
  }
  // Lets time pass.
  void run(std::chrono::milliseconds time) {
    const auto source = loop.after(time, [this] { loop.stop(); }).value();
    ASSERT_TRUE(loop.run());
    loop = EventLoop::create().value();
  }
  std::vector<std::string> by() const {
    std::vector<std::string> out;
    for (const api::ConfigEntry& e : desk->history()) out.push_back(e.by);
    return out;
  }
  std::string error;

  void SetUp() override {
    write(text_of("a"));
    start();
  }
};

TEST_F(ConfigDeskTest, WhatIsAppliedIsInForceInTheFileAndInTheHistory) {
  ::chmod(file.c_str(), 0640);
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(0)));
  EXPECT_EQ(put, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read(), text_of("b"));
  EXPECT_EQ(by(), (std::vector<std::string>{"apply", "start"}));
  EXPECT_EQ(desk->show(0).value()->text, text_of("b"));
  EXPECT_EQ(desk->show(2).value(), std::nullopt);
  EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0640));
  desk->taken_from_file(text_of("b"));  // as the watch will
  EXPECT_EQ(desk->history().size(), 2u);
}

TEST_F(ConfigDeskTest, WhatIsRefusedChangesNothing) {
  does_not_fit = "large";
  refuses = "impossible";
  EXPECT_FALSE(desk->apply(text_of("b") + "nonsense: 1\n", seconds(9))->errors.empty());
  EXPECT_FALSE(desk->apply(text_of("large"), seconds(9)));
  EXPECT_FALSE(desk->apply(text_of("impossible"), seconds(9)));
  EXPECT_EQ(put, std::vector<std::string>{"a"});
  EXPECT_EQ(read(), text_of("a"));
  EXPECT_EQ(desk->seconds_left(), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(state + "/pending"));
  EXPECT_EQ(desk->history().size(), 1u);
  for (const auto& f : std::filesystem::directory_iterator(folder.path("")))
    EXPECT_TRUE(f.path() == file || f.path() == state) << f.path() << " is left over";
}

TEST_F(ConfigDeskTest, AFileThatCannotBeWrittenIsFoundOutBefore) {
  std::filesystem::create_directories(folder.path(".sluice.yaml.sluiced/full"));
  EXPECT_THAT(desk->apply(text_of("b"), seconds(0)).error().message, HasSubstr(".sluiced"));
  EXPECT_EQ(put, std::vector<std::string>{"a"});
}

TEST_F(ConfigDeskTest, ALinkIsFollowed) {
  std::filesystem::rename(file, folder.path("real.yaml"));
  std::filesystem::create_symlink("real.yaml", file);
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(0)));
  EXPECT_TRUE(std::filesystem::is_symlink(file));
  EXPECT_EQ(read(), text_of("b"));
}

TEST_F(ConfigDeskTest, WithoutAStateFolderAnApplyIsTakenAndOneToConfirmIsNot) {
  desk.reset();
  std::filesystem::remove_all(state);
  std::ofstream(state) << "in the way";
  start();
  EXPECT_NE(desk->trouble(), "");
  EXPECT_FALSE(desk->apply(text_of("b"), seconds(9)));
  EXPECT_EQ(put.back(), "a");
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(0)));
  EXPECT_EQ(put.back(), "b");
  EXPECT_FALSE(desk->rollback(1, seconds(0)));
}

TEST_F(ConfigDeskTest, WhatNobodyConfirmsIsUndone) {
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(1)));
  EXPECT_GT(desk->seconds_left().value(), 0.5);
  run(std::chrono::milliseconds(1300));
  EXPECT_EQ(put.back(), "a");
  EXPECT_EQ(read(), text_of("a"));
  EXPECT_EQ(by(), (std::vector<std::string>{"confirm-timeout", "apply", "start"}));
  EXPECT_EQ(desk->seconds_left(), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(state + "/pending"));
}

TEST_F(ConfigDeskTest, WhatIsConfirmedStays) {
  EXPECT_FALSE(desk->confirm());
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(1)));
  ASSERT_TRUE(desk->confirm());
  run(std::chrono::milliseconds(1300));
  EXPECT_EQ(put.back(), "b");
  start(std::time(nullptr) + 100);
  EXPECT_EQ(put.back(), "b");
}

TEST_F(ConfigDeskTest, WhileAChangeWaitsOnlyItsUndoingIsTaken) {
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(60)));
  EXPECT_THAT(desk->apply(text_of("c"), seconds(0)).error().message, HasSubstr("waits"));
  EXPECT_FALSE(desk->rollback(0, seconds(0)));
  EXPECT_FALSE(desk->rollback(1, seconds(5)));
  EXPECT_EQ(put.back(), "b");
  ASSERT_TRUE(desk->rollback(1, seconds(0)));
  EXPECT_EQ(put.back(), "a");
  EXPECT_EQ(read(), text_of("a"));
  EXPECT_EQ(desk->seconds_left(), std::nullopt);
}

TEST_F(ConfigDeskTest, WhoWritesTheFileHimselfConfirms) {
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(60)));
  desk->taken_from_file(text_of("b"));
  EXPECT_NE(desk->seconds_left(), std::nullopt) << "nothing new";
  write(text_of("c"));
  ASSERT_TRUE(desk->may_take(text_of("c")));
  desk->taken_from_file(text_of("c"));
  EXPECT_EQ(desk->seconds_left(), std::nullopt);
  EXPECT_EQ(by().front(), "file");
}

TEST_F(ConfigDeskTest, AFileThatWasRefusedMeanwhileIsNotOverwritten) {
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(1)));
  write("half an edit");
  run(std::chrono::milliseconds(1300));
  EXPECT_EQ(put.back(), "a");
  EXPECT_EQ(read(), "half an edit");
}

TEST_F(ConfigDeskTest, UndoingThatFailsIsSaidAndItsTextIsNotTakenFromTheFile) {
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(1)));
  refuses = "a";
  run(std::chrono::milliseconds(1300));
  EXPECT_THAT(desk->trouble(), HasSubstr("it cannot be put in force"));
  EXPECT_NE(desk->seconds_left(), std::nullopt);
  refuses.clear();
  ASSERT_TRUE(desk->rollback(1, seconds(0)));
  EXPECT_EQ(desk->trouble(), "");
}

TEST_F(ConfigDeskTest, AFileThatCannotBePutBackDoesNotCountAsWritten) {
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(1)));
  ASSERT_TRUE(desk->may_take(text_of("b")));
  std::filesystem::create_directories(folder.path(".sluice.yaml.sluiced/full"));
  run(std::chrono::milliseconds(1300));
  EXPECT_EQ(put.back(), "a");
  EXPECT_NE(desk->trouble(), "");
  EXPECT_FALSE(desk->may_take(text_of("b")));
  EXPECT_TRUE(desk->may_take(text_of("c")));
}

TEST_F(ConfigDeskTest, ARestartKeepsTheDeadline) {
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(60)));
  start(std::time(nullptr) + 20);
  EXPECT_EQ(put.back(), "b");
  EXPECT_LE(desk->seconds_left().value(), 60);
  EXPECT_GT(desk->seconds_left().value(), 50);
}

TEST_F(ConfigDeskTest, ARestartAfterTheDeadlineStartsWithWhatWasBefore) {
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(60)));
  start(std::time(nullptr) + 61);
  EXPECT_EQ(put.back(), "a") << "from the first moment on";
}

// Killed after what waits was written, but before the file was: the old file is in force.
TEST_F(ConfigDeskTest, AnApplyThatWasCutOffIsNone) {
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(60)));
  write(text_of("a"));
  start();
  EXPECT_EQ(put.back(), "a");
  EXPECT_EQ(desk->seconds_left(), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(state + "/pending"));
}

TEST_F(ConfigDeskTest, ABrokenOrMissingFileStartsTheLastOneInForce) {
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(0)));
  write("nonsense: [");
  start();
  EXPECT_EQ(put.back(), "b");
  EXPECT_THAT(error, HasSubstr("sluice.yaml:1:"));
  EXPECT_EQ(read(), "nonsense: [") << "what somebody wrote is his";
  std::filesystem::remove(file);
  start();
  EXPECT_EQ(put.back(), "b");
  ASSERT_TRUE(desk->rollback(0, seconds(0)));
  EXPECT_EQ(read(), text_of("b"));
}

TEST_F(ConfigDeskTest, WithNothingToStartWithTheFilesErrorIsSaid) {
  desk.reset();
  std::filesystem::remove_all(state);
  write("nonsense: [");
  const Result<Beginning> none = choose_beginning(file, ConfigStore::open(state), 0);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("sluice.yaml:1:"));
}

TEST_F(ConfigDeskTest, RollbackGoesBackByTheSameRoad) {
  ASSERT_TRUE(desk->apply(text_of("b"), seconds(0)));
  ASSERT_TRUE(desk->apply(text_of("c"), seconds(0)));
  ASSERT_TRUE(desk->rollback(1, seconds(0)));
  EXPECT_EQ(put.back(), "b");
  EXPECT_EQ(by(), (std::vector<std::string>{"rollback", "apply", "apply", "start"}));
  ASSERT_TRUE(desk->rollback(3, seconds(1)));
  EXPECT_EQ(put.back(), "a");
  run(std::chrono::milliseconds(1300));
  EXPECT_EQ(put.back(), "b");
  EXPECT_FALSE(desk->rollback(99, seconds(0)));
}

}  // namespace
}  // namespace sluice
