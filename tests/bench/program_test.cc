// SPDX-License-Identifier: Apache-2.0
// bench-program as a process: what it prints is whole, and nothing it measures is of nothing. Of
// cycles and times nothing is asked: they are the machine's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "program/scenario.h"
#include "support/temporary_folder.h"

namespace sluice::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Ran {
  int status;
  std::string out, err;
};

struct ProgramTest : ::testing::Test {
  test::TemporaryFolder folder;

  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder.path(name)).rdbuf();
    return text.str();
  }
  Ran run(const std::string& arguments) const {
    const std::string command = std::string(BENCH_PROGRAM) + " " + arguments + " > " +
                                folder.path("out") + " 2> " + folder.path("err") + " < /dev/null";
    const int status = std::system(command.c_str());
    EXPECT_TRUE(WIFEXITED(status)) << command;
    return {WEXITSTATUS(status), read("out"), read("err")};
  }
};

std::vector<nlohmann::json> objects_of(const std::string& lines) {
  std::vector<nlohmann::json> out;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) out.push_back(nlohmann::json::parse(line));
  return out;
}

// Few packets, and none of them twice: what is counted is still right.
constexpr const char* kTiny = " --quick --repeats 20000 --attempts 1";

TEST_F(ProgramTest, MeasuresEachOrderAndSaysHowLargeTheProgramIs) {
  const Ran ran = run(std::string("-o json --scenario null-tx encap-only tcp4-ipip") + kTiny);
  ASSERT_EQ(ran.status, 0) << ran.err;
  const bool has_hardware = ran.err.find("no hardware counters") == ran.err.npos;
  std::vector<std::string> seen;
  for (const nlohmann::json& o : objects_of(ran.out)) {
    if (o.contains("program")) {
      EXPECT_EQ(o.at("program"), "tcp4-ipip");
      EXPECT_GT(o.at("verified"), 1000);
      EXPECT_GT(o.at("jit_bytes"), 1000);
      continue;
    }
    const std::string name = o.at("scenario");
    seen.push_back(name + " " + std::string(o.at("order")) + " " + o.at("flows").dump());
    EXPECT_EQ(o.at("unexpected"), 0) << o;
    EXPECT_TRUE(o.at("noisy").is_boolean());
    EXPECT_TRUE(o.at("net_ns").is_number());
    for (const char* counted : {"net_instructions", "net_cycles", "iqr_cycles"})
      EXPECT_EQ(o.at(counted).is_number(), has_hardware) << o;
    if (!has_hardware) continue;
    if (name == "null-tx") {
      EXPECT_NEAR(double(o.at("net_instructions")), 0, 5);
    }
    if (name == "encap-only") {
      EXPECT_GT(double(o.at("net_instructions")), 20);
    }
    if (name == "tcp4-ipip") {
      EXPECT_GT(double(o.at("net_instructions")), 100);
    }
  }
  EXPECT_THAT(seen, ElementsAre("null-tx fixed 1", "encap-only fixed 1", "tcp4-ipip fixed 1",
                                "tcp4-ipip flows 1024", "tcp4-ipip flows 131072",
                                "tcp4-ipip flows 1048576"));
}

TEST_F(ProgramTest, EveryScenarioDoesWhatItSays) {
  const Ran ran = run("-o json --samples 1 --repeats 64 --attempts 1");
  ASSERT_EQ(ran.status, 0) << ran.err;
  size_t measured = 0, wanted = 0;
  for (const nlohmann::json& o : objects_of(ran.out)) {
    if (o.contains("program")) continue;
    EXPECT_EQ(o.at("unexpected"), 0) << o;
    measured++;
  }
  for (const Scenario& s : scenarios()) wanted += s.orders.size();
  EXPECT_EQ(measured, wanted);
}

TEST_F(ProgramTest, TheTableHasRatiosToEncapOnly) {
  const Ran ran = run(std::string("--scenario encap-only") + kTiny);
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("ENCAP-ONLY=1"));
  EXPECT_THAT(ran.out, HasSubstr("encap-only"));
}

TEST_F(ProgramTest, ListsAndRefusesByName) {
  const Ran list = run("--list");
  EXPECT_EQ(list.status, 0);
  for (const Scenario& s : scenarios()) EXPECT_THAT(list.out, HasSubstr(s.name + " "));
  const Ran refused = run("--scenario tcp4-ipx");
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("tcp4-ipx"));
}

}  // namespace
}  // namespace sluice::bench
