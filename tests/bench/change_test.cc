// SPDX-License-Identifier: Apache-2.0
// bench-change as a process: what it prints is whole. Of times nothing is asked but that they are
// some: they are the machine's.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "change/scale.h"
#include "daemon/beginning.h"
#include "support/temporary_folder.h"

namespace sluice::bench {
namespace {

using ::testing::ElementsAre;

constexpr Scale kSmall = {.services = 3, .backends = 2};

// A line of its output each.
std::vector<nlohmann::json> run(const std::string& arguments) {
  const test::TemporaryFolder folder;
  const std::string command = std::string(BENCH_CHANGE) + " -o json " + arguments + " > " +
                              folder.path("out") + " < /dev/null";
  const int status = std::system(command.c_str());
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command;
  std::ifstream lines(folder.path("out"));
  std::vector<nlohmann::json> out;
  for (std::string line; std::getline(lines, line);) out.push_back(nlohmann::json::parse(line));
  return out;
}

TEST(ChangeTest, MeasuresEveryChangeAndTheMemory) {
  std::vector<std::string> seen;
  nlohmann::json memory;
  for (const nlohmann::json& o : run("--services 3 --backends 2 --samples 2")) {
    const std::string line = o.dump();
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

// What the README says that it takes. The tables of flows, in the first figure, follow the
// machine's memory: 128 MiB at most.
TEST(ChangeTest, TheMemoryIsWhatTheReadmeSays) {
  const uint64_t services = getenv("SLUICE_SOAK") ? 1000 : 100;
  const std::vector<nlohmann::json> lines =
      run(fmt::format("--services {} --backends 10 --samples 2", services));
  ASSERT_FALSE(lines.empty());
  constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;
  const nlohmann::json& memory = lines.back();
  EXPECT_LT(memory.at("table_bytes"), 150 * kMiB + services * 280 * kKiB);
  EXPECT_LT(memory.at("process_bytes"), 24 * kMiB + services * 290 * kKiB);
  EXPECT_LT(memory.at("most_bytes"), 50 * kMiB + services * 1200 * kKiB);
  printf("%s\n", memory.dump().c_str());
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
