// SPDX-License-Identifier: Apache-2.0
// What survives on the disk, and what is never believed.
#include "daemon/config_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "daemon/sealed_text.h"
#include "daemon/small_disk.h"
#include "support/temporary_folder.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

struct ConfigStoreTest : ::testing::Test {
  test::TemporaryFolder folder;
  std::string state = folder.path("state");

  static StoredConfig entry(uint64_t generation) {
    return {.at = 1'700'000'000, .by = "apply", .generation = generation, .sha256 = "x"};
  }
  static std::string read(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }
  static mode_t mode_of(const std::string& path) {
    struct stat info = {};
    ::stat(path.c_str(), &info);
    return info.st_mode & 07777;
  }
  std::string file(int number) const {
    return state + "/history/" + std::string(9, '0') + std::to_string(number);
  }
  // Two texts, the store closed again.
  void fill() {
    ConfigStore store = ConfigStore::open(state);
    ASSERT_TRUE(store.add(entry(1), "one\n"));
    ASSERT_TRUE(store.add(entry(2), "two\n"));
  }
};

TEST_F(ConfigStoreTest, WhatIsAddedIsThereAfterwardsNewestFirst) {
  fill();
  const ConfigStore store = ConfigStore::open(state);
  EXPECT_EQ(store.trouble(), "");
  ASSERT_EQ(store.entries().size(), 2u);
  StoredConfig newest = entry(2);
  newest.number = 2;
  EXPECT_EQ(store.entries()[0], newest);
  EXPECT_EQ(store.text(0).value(), "two\n");
  EXPECT_EQ(store.text(1).value(), "one\n");
  EXPECT_FALSE(store.text(2));
}

TEST_F(ConfigStoreTest, NobodyElseCanReadIt) {
  fill();
  EXPECT_EQ(mode_of(state), 0700u);
  EXPECT_EQ(mode_of(state + "/history"), 0700u);
  EXPECT_EQ(mode_of(file(1)), 0600u);
}

TEST_F(ConfigStoreTest, TwentyAreKept) {
  {
    ConfigStore store = ConfigStore::open(state);
    for (int i = 1; i <= 25; i++) ASSERT_TRUE(store.add(entry(i), std::to_string(i)));
    EXPECT_EQ(store.entries().size(), ConfigStore::kKept);
  }
  const ConfigStore store = ConfigStore::open(state);
  ASSERT_EQ(store.entries().size(), 20u);
  EXPECT_EQ(store.text(0).value(), "25");
  EXPECT_EQ(store.text(19).value(), "6");
}

TEST_F(ConfigStoreTest, AFileThatIsCutAnywhereIsLeftOut) {
  fill();
  const std::string whole = read(file(2));
  for (size_t size = 0; size < whole.size(); size++) {
    std::ofstream(file(2), std::ios::trunc) << whole.substr(0, size);
    const ConfigStore store = ConfigStore::open(state);
    ASSERT_EQ(store.entries().size(), 1u) << size;
    EXPECT_EQ(store.text(0).value(), "one\n");
  }
}

TEST_F(ConfigStoreTest, AFileWithAWrongByteIsLeftOutAndItsNumberIsNotTakenAgain) {
  fill();
  const std::string whole = read(file(2));
  for (size_t at = 0; at < whole.size(); at++) {
    std::string damaged = whole;
    damaged[at] = char(damaged[at] ^ 1);
    std::ofstream(file(2), std::ios::trunc) << damaged;
    ASSERT_EQ(ConfigStore::open(state).entries().size(), 1u) << at;
  }
  ConfigStore store = ConfigStore::open(state);
  ASSERT_TRUE(store.add(entry(3), "three\n"));
  EXPECT_EQ(store.entries()[0].number, 3u);
}

TEST_F(ConfigStoreTest, WhatIsForeignIsLeftOut) {
  fill();
  std::ofstream(state + "/history/notes.txt") << "mine";
  std::ofstream(state + "/history/00000000x7") << "mine";
  std::filesystem::create_directory(file(5));
  std::filesystem::create_symlink(file(1), file(6));
  ASSERT_EQ(::mkfifo(file(7).c_str(), 0600), 0);
  std::ofstream(file(8)) << seal({nlohmann::json{{"of", "another version"}}, "text"});
  std::ofstream(file(9)) << seal({nlohmann::json{{"at", "noon"}}, "text"});
  const ConfigStore store = ConfigStore::open(state);
  EXPECT_EQ(store.entries().size(), 2u);
  EXPECT_EQ(store.trouble(), "");
}

TEST_F(ConfigStoreTest, WhatWaitsSurvivesUntilItIsRemoved) {
  const PendingConfig pending = {
      .deadline = 1'700'000'060, .timeout = 60, .after = "abc", .before = "version: 1\n"};
  {
    ConfigStore store = ConfigStore::open(state);
    EXPECT_EQ(store.pending(), std::nullopt);
    ASSERT_TRUE(store.put_pending(pending));
  }
  ConfigStore store = ConfigStore::open(state);
  EXPECT_EQ(store.pending(), pending);
  const std::string whole = read(state + "/pending");
  for (size_t size = 0; size < whole.size(); size++) {
    std::ofstream(state + "/pending", std::ios::trunc) << whole.substr(0, size);
    EXPECT_EQ(store.pending(), std::nullopt) << size;
  }
  ASSERT_TRUE(store.remove_pending());
  ASSERT_TRUE(store.remove_pending()) << "of nothing";
  EXPECT_FALSE(std::filesystem::exists(state + "/pending"));
}

TEST_F(ConfigStoreTest, WithoutAFolderItSaysWhy) {
  std::ofstream(folder.path("a-file")) << "";
  ConfigStore store = ConfigStore::open(folder.path("a-file/state"));
  EXPECT_THAT(store.trouble(), HasSubstr("Not a directory"));
  EXPECT_FALSE(store.put_pending({}));
  EXPECT_FALSE(store.add(entry(1), "one"));
  EXPECT_TRUE(store.entries().empty());
}

TEST_F(ConfigStoreTest, TwoDaemonsDoNotMixTheirs) {
  const ConfigStore first = ConfigStore::open(state);
  ConfigStore second = ConfigStore::open(state);
  EXPECT_THAT(second.trouble(), HasSubstr("another sluiced"));
  EXPECT_FALSE(second.add(entry(1), "one"));
}

// A file system of 64 KiB, and one that turns read-only.
TEST_F(ConfigStoreTest, AFullOrReadOnlyDiskIsSaidAndForgotten) {
  std::filesystem::create_directory(state);
  const SmallDisk disk(state);
  ASSERT_EQ(disk.why_not(), "");
  {
    ConfigStore store = ConfigStore::open(state);
    ASSERT_TRUE(store.add(entry(1), "small"));
    const Result<void> full = store.add(entry(2), std::string(100'000, 'x'));
    EXPECT_THAT(full.error().message, HasSubstr("No space left"));
    EXPECT_EQ(store.trouble(), full.error().message);
    EXPECT_EQ(store.entries().size(), 1u);
    EXPECT_TRUE(store.add(entry(2), "small again"));
    EXPECT_EQ(store.trouble(), "");
    ASSERT_TRUE(disk.make_read_only());
    EXPECT_THAT(store.put_pending({}).error().message, HasSubstr("Read-only file system"));
    EXPECT_EQ(store.text(1).value(), "small");
  }
  EXPECT_THAT(ConfigStore::open(state).trouble(), HasSubstr("Read-only file system"));
  EXPECT_EQ(ConfigStore::open(state).entries().size(), 2u);
}

}  // namespace
}  // namespace sluice
