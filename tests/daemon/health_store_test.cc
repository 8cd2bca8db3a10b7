// SPDX-License-Identifier: Apache-2.0
// What checks have found is there at the next start, as a whole or not at all.
#include "daemon/health_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "daemon/sealed_text.h"
#include "daemon/small_disk.h"
#include "support/temporary_folder.h"

namespace sluice {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr int64_t kWall = 1'700'000'000;

struct HealthStoreTest : ::testing::Test {
  test::TemporaryFolder folder;
  std::string state = folder.path("state");
  std::string file = state + "/health";
  void SetUp() override { std::filesystem::create_directory(state); }

  static std::string read_file(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }
  static void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
  }
  void write(const std::string& text) { ASSERT_TRUE(HealthStore::open(state).write(text, kWall)); }
  std::optional<HealthStore::Saved> read(int64_t wall = kWall) {
    return HealthStore::open(state).read(wall);
  }
};

TEST_F(HealthStoreTest, WhatIsWrittenIsReadAsItIs) {
  EXPECT_FALSE(read());
  for (const std::string& text : {std::string(), std::string("one\ntwo"),
                                  std::string("\0\xff\n", 3), std::string(1 << 20, 'x')}) {
    write(text);
    EXPECT_EQ(read().value().text, text);
  }
}

TEST_F(HealthStoreTest, ItSaysHowOldItIs) {
  write("x");
  EXPECT_EQ(read(kWall + 90)->age, seconds(90));
  EXPECT_EQ(read(kWall - 86'400)->age, seconds(0)) << "the clock was stepped back";
  EXPECT_EQ(read(-5)->age, seconds(0));
}

TEST_F(HealthStoreTest, APartOfItIsNothing) {
  write("a text");
  const std::string whole = read_file(file);
  for (size_t size = 0; size < whole.size(); size++) {
    write_file(file, whole.substr(0, size));
    ASSERT_FALSE(read()) << size;
  }
  for (size_t at = 0; at < whole.size(); at++) {
    std::string damaged = whole;
    damaged[at] = char(damaged[at] ^ 1);
    write_file(file, damaged);
    ASSERT_FALSE(read()) << at;
  }
  write("another");
  EXPECT_EQ(read().value().text, "another");
}

// What a crash of the machine leaves of a file whose blocks were not written.
TEST_F(HealthStoreTest, ZeroesAreNothing) {
  write("a text");
  write_file(file, std::string(read_file(file).size(), '\0'));
  EXPECT_FALSE(read());
}

TEST_F(HealthStoreTest, WhatIsForeignIsNotRead) {
  write("a text");
  const std::string real = folder.path("real");
  std::filesystem::rename(file, real);
  std::filesystem::create_symlink(real, file);
  EXPECT_FALSE(read());
  std::filesystem::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_FALSE(read());
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  EXPECT_FALSE(read());
  EXPECT_FALSE(HealthStore::open(state).write("x", kWall));
  std::filesystem::remove(file);
  write_file(file, seal({nlohmann::json{{"holds", "overrides"}, {"at", kWall}}, "x"}));
  EXPECT_FALSE(read());
  write_file(file, seal({nlohmann::json{{"holds", "health"}, {"at", "noon"}}, "x"}));
  EXPECT_FALSE(read());
}

TEST_F(HealthStoreTest, ItHasALimit) {
  HealthStore store = HealthStore::open(state);
  const std::string largest(HealthStore::kLargest, 'x');
  ASSERT_TRUE(store.write(largest, kWall));
  EXPECT_THAT(store.write(largest + "x", kWall).error().message, HasSubstr("too large"));
  EXPECT_EQ(store.read(kWall).value().text.size(), largest.size());
}

TEST_F(HealthStoreTest, TwoDaemonsDoNotMixTheirs) {
  write("first");
  const HealthStore first = HealthStore::open(state);
  HealthStore second = HealthStore::open(state);
  EXPECT_FALSE(second.read(kWall));
  EXPECT_THAT(second.write("second", kWall).error().message, HasSubstr("another sluiced"));
  EXPECT_EQ(first.read(kWall).value().text, "first");
}

TEST_F(HealthStoreTest, AFolderThatComesLaterIsUsed) {
  std::filesystem::remove(state);
  HealthStore store = HealthStore::open(state);
  EXPECT_FALSE(store.read(kWall));
  EXPECT_FALSE(store.write("x", kWall));
  std::filesystem::create_directory(state);
  EXPECT_TRUE(store.write("x", kWall));
}

TEST_F(HealthStoreTest, AFullOrReadOnlyDiskLeavesTheOneBefore) {
  const SmallDisk disk(state);
  ASSERT_EQ(disk.why_not(), "");
  {
    HealthStore store = HealthStore::open(state);
    ASSERT_TRUE(store.write("small", kWall));
    EXPECT_THAT(store.write(std::string(100'000, 'x'), kWall).error().message,
                HasSubstr("No space left"));
    EXPECT_EQ(store.read(kWall).value().text, "small");
    EXPECT_FALSE(std::filesystem::exists(state + "/.health.sluiced")) << "the rest of it is gone";
    ASSERT_TRUE(disk.make_read_only());
    EXPECT_THAT(store.write("x", kWall).error().message, HasSubstr("Read-only file system"));
  }
  EXPECT_EQ(read().value().text, "small");
}

}  // namespace
}  // namespace sluice
