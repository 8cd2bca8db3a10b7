// SPDX-License-Identifier: Apache-2.0
// bench-change as a process: what it prints is whole. Of times nothing is asked but that they are
// some: they are the machine's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "change/scale.h"
#include "daemon/beginning.h"
#include "support/temporary_folder.h"

namespace sluice::bench {
namespace {

using ::testing::ElementsAre;

constexpr Scale kSmall = {.services = 3, .backends = 2};

TEST(ChangeTest, MeasuresEveryChangeAndTheMemory) {
  const test::TemporaryFolder folder;
  const std::string command = std::string(BENCH_CHANGE) +
                              " --services 3 --backends 2 --samples 2 -o json > " +
                              folder.path("out") + " < /dev/null";
  const int status = std::system(command.c_str());
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command;
  std::ifstream lines(folder.path("out"));
  std::vector<std::string> seen;
  nlohmann::json memory;
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json o = nlohmann::json::parse(line);
    EXPECT_EQ(o.at("services"), 3);
    EXPECT_EQ(o.at("backends"), 2);
    if (!o.contains("change")) {
      memory = o;
      continue;
    }
    seen.push_back(o.at("change"));
    EXPECT_EQ(o.at("samples"), 2) << line;
    EXPECT_GT(o.at("publish_ms"), 0) << line;
    EXPECT_GE(o.at("slowest_ms"), o.at("total_ms")) << line;
    // Nothing becomes live where nothing changes.
    if (seen.back() != "first load" && seen.back() != "nothing") {
      EXPECT_GT(o.at("live_ms"), 0) << line;
    }
  }
  EXPECT_THAT(seen, ElementsAre("first load", "one weight", "one drained", "one gone", "nothing",
                                "every service", "restart"));
  // Three rings, at least.
  EXPECT_GT(memory.at("table_bytes"), 3 * 65537 * 4);
  EXPECT_GE(memory.at("most_bytes"), memory.at("process_bytes"));
}

TEST(ScaleTest, ChangesWhatItSays) {
  const auto config_of = [](Edit edit) {
    return valid_config(yaml_of(kSmall, edit, "eth0"), "scale.yaml").value();
  };
  const Config base = config_of(Edit::kNone);
  ASSERT_EQ(base.services.size(), 3u);
  const auto changed = [&](const Config& c) {
    size_t n = 0;
    for (const auto& [name, pool] : base.pools) n += !(pool == c.pools.at(name));
    return n;
  };
  EXPECT_EQ(changed(config_of(Edit::kWeight)), 1u);
  EXPECT_EQ(changed(config_of(Edit::kDrained)), 1u);
  EXPECT_EQ(changed(config_of(Edit::kGone)), 1u);
  EXPECT_EQ(changed(config_of(Edit::kEveryWeight)), 3u);
}

}  // namespace
}  // namespace sluice::bench
