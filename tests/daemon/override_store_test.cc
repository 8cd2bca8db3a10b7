// SPDX-License-Identifier: Apache-2.0
// What operators have said survives restarts, clocks and full disks; what is damaged is never
// believed, nor forgotten in silence.
#include "daemon/override_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "daemon/saved_overrides.h"
#include "daemon/sealed_text.h"
#include "daemon/small_disk.h"
#include "support/temporary_folder.h"

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::HasSubstr;
using Kind = SavedOverride::Kind;

constexpr int64_t kWall = 1'700'000'000;
constexpr seconds kBooted(5'000);  // steady clocks begin anywhere

// `after` the beginning of the test, on a wall clock that is `wall` ahead of what it was.
Moment moment(seconds after = {}, int64_t wall = 0) {
  return {Time(kBooted + after), kWall + after.count() + wall};
}

const OverrideKey kBe1 = BackendRef{"web", "be1"};
const OverrideKey kNode = *IpAddress::parse("198.51.100.1");

SavedOverride drain() {
  return {.kind = Kind::kDrain, .since = kWall, .by = "alice (uid 0)", .reason = "new \"disks\""};
}
SavedOverride drain_for(seconds lasts, const Moment& now = moment()) {
  SavedOverride out = drain();
  out.lasts = lasts;
  out.ends = now.steady + lasts;
  return out;
}

struct OverrideStoreTest : ::testing::Test {
  test::TemporaryFolder folder;
  std::string state = folder.path("state");
  std::string file = state + "/overrides";

  static std::string read(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }
  static void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
  }
  // Another start, with a steady clock of its own.
  OverrideStore again(const Moment& now = moment()) { return OverrideStore::open(state, now); }
  void put(const OverrideKey& key, const SavedOverride& o) {
    OverrideStore store = again();
    ASSERT_TRUE(store.put(key, o, moment()));
    ASSERT_EQ(store.trouble(), "");
  }
};

TEST_F(OverrideStoreTest, WhatIsSaidHoldsAfterARestartUntilItIsUndone) {
  put(kBe1, drain());
  SavedOverride disabled = {.kind = Kind::kDisable, .since = kWall, .by = "uid 0"};
  put(kNode, disabled);
  {
    OverrideStore store = again();
    EXPECT_EQ(store.all(), (Overrides{{kBe1, drain()}, {kNode, disabled}}));
    EXPECT_TRUE(store.remove(kBe1, moment()));
    EXPECT_FALSE(store.remove(kBe1, moment()));
  }
  EXPECT_EQ(again().all(), (Overrides{{kNode, disabled}}));
  EXPECT_EQ(again().trouble(), "");
}

TEST_F(OverrideStoreTest, NothingIsLeftOfTheLastOne) {
  put(kBe1, drain());
  EXPECT_TRUE(again().remove(kBe1, moment()));
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(OverrideStoreTest, NobodyElseCanReadIt) {
  put(kBe1, drain());
  struct stat info = {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(OverrideStoreTest, OneWithATimeEndsWithIt) {
  {
    OverrideStore store = again();
    ASSERT_TRUE(store.put(kBe1, drain_for(seconds(600)), moment()));
    ASSERT_TRUE(store.put(kNode, drain(), moment()));
    EXPECT_EQ(next_end(store.all()), moment(seconds(600)).steady);
    EXPECT_TRUE(store.tend(moment(seconds(599))).empty());
    EXPECT_EQ(store.tend(moment(seconds(600))).size(), 1u);
    EXPECT_EQ(next_end(store.all()), std::nullopt);
  }
  // By a clock that was stepped back meanwhile: what has ended does not begin again.
  EXPECT_EQ(again(moment(seconds(600), -86'400)).all(), (Overrides{{kNode, drain()}}));
}

TEST_F(OverrideStoreTest, TheTimeGoesOnWhileNobodyRuns) {
  put(kBe1, drain_for(seconds(600)));
  const Moment later = {Time(seconds(7)), kWall + 500};  // after a boot
  EXPECT_EQ(again(later).all().at(kBe1).ends, Time(seconds(107)));
  EXPECT_TRUE(again({Time(seconds(7)), kWall + 600}).all().empty());
  EXPECT_FALSE(std::filesystem::exists(file)) << "nobody needs it any more";
}

TEST_F(OverrideStoreTest, StepsOfTheClockChangeNothing) {
  for (const int64_t step : {int64_t(86'400), int64_t(-86'400), -kWall}) {
    put(kBe1, drain_for(seconds(600)));
    {
      OverrideStore store = again();
      EXPECT_TRUE(store.tend(moment(seconds(10), step)).empty()) << step;
      EXPECT_EQ(store.all().at(kBe1).ends, moment(seconds(600)).steady) << step;
    }
    // Nor at the next start, by the clock as it is then.
    OverrideStore store = again(moment(seconds(20), step));
    ASSERT_EQ(store.all().count(kBe1), 1u) << step;
    EXPECT_EQ(store.all().at(kBe1).ends, moment(seconds(600)).steady) << step;
  }
}

// A machine that starts in 1970, until it has asked what time it is.
TEST_F(OverrideStoreTest, NoneBecomesLongerThanItWas) {
  put(kBe1, drain_for(hours(1)));
  for (const int64_t wall : {int64_t(0), int64_t(-5), kWall - 86'400})
    EXPECT_EQ(again({Time(seconds(7)), wall}).all().at(kBe1).ends, Time(seconds(7) + hours(1)))
        << wall;
}

TEST_F(OverrideStoreTest, AFileThatIsCutAnywhereIsNotBelievedAndKept) {
  put(kBe1, drain());
  const std::string whole = read(file), kept = file + ".damaged";
  for (size_t size = 0; size < whole.size(); size++) {
    write(file, whole.substr(0, size));
    const OverrideStore store = again();
    ASSERT_TRUE(store.all().empty()) << size;
    ASSERT_EQ(read(kept), whole.substr(0, size));
    ASSERT_THAT(store.trouble(), HasSubstr("some were lost, and are in " + kept)) << size;
    ASSERT_FALSE(std::filesystem::exists(file));
    std::filesystem::remove(kept);
    ASSERT_EQ(store.trouble(), "") << "somebody has taken note";
  }
}

TEST_F(OverrideStoreTest, AFileWithAWrongByteIsNotBelieved) {
  put(kBe1, drain());
  const std::string whole = read(file);
  for (size_t at = 0; at < whole.size(); at++) {
    std::string damaged = whole;
    damaged[at] = char(damaged[at] ^ 1);
    write(file, damaged);
    ASSERT_TRUE(again().all().empty()) << at;
  }
}

TEST_F(OverrideStoreTest, WhatIsLostIsToldOfAtEveryStartUntilItIsRemoved) {
  put(kBe1, drain());
  write(file, "damaged");
  (void)again();
  EXPECT_TRUE(again().put(kNode, drain(), moment()));
  EXPECT_EQ(read(file + ".damaged"), "damaged");
  write(file, "damaged again");
  EXPECT_THAT(again().trouble(), HasSubstr("some were lost"));
  EXPECT_EQ(read(file + ".damaged"), "damaged");
  EXPECT_EQ(read(file + ".damaged.2"), "damaged again");
}

TEST_F(OverrideStoreTest, WhatIsForeignIsNotFollowed) {
  put(kBe1, drain());
  const std::string real = folder.path("real");
  std::filesystem::rename(file, real);
  std::filesystem::create_symlink(real, file);
  EXPECT_TRUE(again().all().empty());
  EXPECT_TRUE(std::filesystem::exists(real));
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_TRUE(again().all().empty());
  std::filesystem::create_directory(file);
  EXPECT_TRUE(again().all().empty());
  write(file, std::string(5u << 20, 'x'));
  EXPECT_TRUE(again().all().empty());
  write(file, seal({nlohmann::json{{"at", 1}}, "a configuration"}));
  EXPECT_TRUE(again().all().empty());
  EXPECT_THAT(again().trouble(), HasSubstr("some were lost"));
}

TEST_F(OverrideStoreTest, WhatAnotherVersionWroteIsKeptForIt) {
  put(kBe1, drain());
  put(kNode, drain());
  nlohmann::json facts = unseal(read(file))->facts;
  facts["overrides"][0]["invented-later"] = {1, 2};
  write(file, seal({facts, ""}));
  EXPECT_EQ(again().all().size(), 2u) << "a word more does no harm";
  facts["overrides"][0]["what"] = "quarantine";
  const std::string newer = seal({facts, ""});
  write(file, newer);
  EXPECT_EQ(again().all(), (Overrides{{kNode, drain()}})) << "what is understood holds";
  EXPECT_EQ(read(file + ".damaged"), newer);
  EXPECT_EQ(again().all(), (Overrides{{kNode, drain()}}));
  EXPECT_FALSE(std::filesystem::exists(file + ".damaged.2")) << "once";
  facts["format"] = 2;
  write(file, seal({facts, ""}));
  EXPECT_TRUE(again().all().empty());
  EXPECT_TRUE(std::filesystem::exists(file + ".damaged.2"));
}

TEST_F(OverrideStoreTest, StrangeValuesAreNotBelieved) {
  put(kBe1, drain_for(seconds(600)));
  const nlohmann::json facts = unseal(read(file))->facts;
  const struct {
    const char* name;
    nlohmann::json value;
  } kRows[] = {{"what", 5},       {"what", nullptr}, {"since", "noon"},
               {"until", "noon"}, {"lasts", {}},     {"by", {1}},
               {"pool", 7},       {"address", "x"},  {"reason", std::string(600, 'x')}};
  for (const auto& row : kRows) {
    nlohmann::json strange = facts;
    strange["overrides"][0][row.name] = row.value;
    write(file, seal({strange, ""}));
    EXPECT_TRUE(again().all().empty()) << row.name;
  }
  nlohmann::json wild = facts;
  wild["overrides"][0]["since"] = INT64_MIN;
  wild["overrides"][0]["until"] = INT64_MAX;
  wild["overrides"][0]["lasts"] = INT64_MAX;
  write(file, seal({wild, ""}));
  EXPECT_GT(again().all().at(kBe1).ends, moment(hours(24 * 366)).steady);
}

// The largest file that there can be is read; then there is room for no more.
TEST_F(OverrideStoreTest, ThereAreNotTooMany) {
  Overrides all;
  SavedOverride o = drain_for(hours(24));
  o.by = std::string(80, '\\');
  o.reason = std::string(200, '"');
  const auto ref = [](size_t i) {
    return BackendRef{std::string(80, 'p'), fmt::format("{:080}", i)};
  };
  for (size_t i = 0; i < OverrideStore::kMost; i++) all.emplace(ref(i), o);
  std::filesystem::create_directory(state);
  write(file, seal({json_of(all, moment()), ""}));
  OverrideStore store = again();
  EXPECT_EQ(store.all(), all);
  EXPECT_THAT(store.put(kBe1, o, moment()).error().message, HasSubstr("undo some"));
  EXPECT_TRUE(store.put(ref(7), drain(), moment())) << "it is there already";
  EXPECT_EQ(store.trouble(), "");
}

// What could not be written is, once it can be.
TEST_F(OverrideStoreTest, AFolderThatComesBackIsUsed) {
  {
    OverrideStore store = again();
    std::filesystem::rename(state, folder.path("away"));
    write(state, "");
    ASSERT_TRUE(store.put(kBe1, drain(), moment()));
    EXPECT_THAT(store.trouble(), HasSubstr("Not a directory"));
    std::filesystem::remove(state);
    std::filesystem::rename(folder.path("away"), state);
    EXPECT_TRUE(store.tend(moment()).empty());
    EXPECT_EQ(store.trouble(), "");
  }
  EXPECT_EQ(again().all(), (Overrides{{kBe1, drain()}}));
}

TEST_F(OverrideStoreTest, TwoDaemonsDoNotMixTheirs) {
  put(kBe1, drain());
  std::optional<OverrideStore> first = again();
  OverrideStore second = again();
  EXPECT_TRUE(second.all().empty()) << "they are not its own";
  EXPECT_THAT(second.trouble(), HasSubstr("another sluiced"));
  ASSERT_TRUE(second.put(kNode, drain(), moment()));
  EXPECT_EQ(second.all().size(), 1u) << "it holds all the same";
  first.reset();
  second.save(moment());
  EXPECT_EQ(again().all(), (Overrides{{kBe1, drain()}})) << "the first one's are left alone";
}

TEST_F(OverrideStoreTest, WithoutAFolderItHoldsAndSaysWhy) {
  write(folder.path("a-file"), "");
  OverrideStore store = OverrideStore::open(folder.path("a-file/state"), moment());
  EXPECT_THAT(store.trouble(), HasSubstr("Not a directory"));
  ASSERT_TRUE(store.put(kBe1, drain(), moment()));
  EXPECT_EQ(store.all().size(), 1u);
  EXPECT_THAT(store.trouble(), HasSubstr("they hold until sluiced ends"));
}

// A file system of 64 KiB that is full, and one that turns read-only.
TEST_F(OverrideStoreTest, AFullOrReadOnlyDiskKeepsNobodyFromDraining) {
  std::filesystem::create_directory(state);
  const SmallDisk disk(state);
  ASSERT_EQ(disk.why_not(), "");
  {
    OverrideStore store = again();
    ASSERT_TRUE(store.put(kBe1, drain(), moment()));
    write(state + "/filling", std::string(100'000, 'x'));
    ASSERT_TRUE(store.put(kNode, drain(), moment()));
    EXPECT_THAT(store.trouble(), HasSubstr("No space left"));
    EXPECT_EQ(store.all().size(), 2u);
    EXPECT_EQ(unseal(read(file))->facts.at("overrides").size(), 1u) << "the one before, whole";
    std::filesystem::remove(state + "/filling");
    store.tend(moment());
    EXPECT_EQ(store.trouble(), "");
    ASSERT_TRUE(disk.make_read_only());
    EXPECT_TRUE(store.remove(kNode, moment()));
    EXPECT_THAT(store.trouble(), HasSubstr("Read-only file system"));
  }
  {
    const OverrideStore store = again();
    EXPECT_EQ(store.all().size(), 2u) << "what was kept holds";
    EXPECT_THAT(store.trouble(), HasSubstr("Read-only file system"));
    EXPECT_THAT(again().trouble(), HasSubstr("another sluiced")) << "of two, one still has it";
  }
}

}  // namespace
}  // namespace sluice
