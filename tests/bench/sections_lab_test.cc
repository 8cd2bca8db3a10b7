// SPDX-License-Identifier: Apache-2.0
// The other sections of a comparison, and the program, in small: what they bring is complete. How
// long anything takes does not matter here.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "compare/changes.h"
#include "compare/latency.h"
#include "compare/load.h"
#include "compare/pressure.h"
#include "compare/scaling.h"
#include "compare/site_sluice.h"
#include "lab/check.h"
#include "program/cpu.h"
#include "support/temporary_folder.h"

namespace sluice::bench {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::SizeIs;

void ignore(const std::string&) {
}

class Sections : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(geteuid(), 0u) << "needs root, for network namespaces and BPF";
  }
  const Plan small_ = {.sections = {},
                       .attempts = 1,
                       .packets = 10'000,
                       .flows = 64,
                       .pauses = 4,
                       .backend_changes = 4,
                       .replacements = 2,
                       .restarts = 1,
                       .load = 5000,
                       .load_flows = 500,
                       .flows_kept = 50,
                       .flood_seconds = 1,
                       .cpus = {1},
                       .services = {1, 3},
                       .backends = {1, 3},
                       .prefixes = {1, 3},
                       .change_services = {1, 3},
                       .flow_sets = {1, 1024},
                       .samples = 1};
};

TEST_F(Sections, ChangesCountEveryPacket) {
  const Result<std::vector<Update>> updates = measure_changes(small_, ignore);
  LAB_ASSERT_OK(updates);
  std::vector<std::string> names;
  for (const Update& u : *updates) {
    SCOPED_TRACE(u.name);
    names.push_back(u.name);
    EXPECT_GT(u.sent, 0u);
    EXPECT_GT(u.rate, 0);
    EXPECT_EQ(u.duplicated, 0u);
    EXPECT_EQ(u.misrouted, 0u);
    EXPECT_EQ(u.cuts, u.cuts_due);
    EXPECT_LT(u.lost, u.sent / 2);
    EXPECT_FALSE(u.overrun);
  }
  EXPECT_THAT(names, ElementsAre("none", "backends", "program", "restart", "kill"));
  EXPECT_EQ((*updates)[1].times, small_.backend_changes);
  EXPECT_EQ((*updates)[1].cuts_due, small_.backend_changes);
}

TEST_F(Sections, LatencyHasARowForEveryModeAndChangeAndNoFlowMoves) {
  const Result<Latency> latency = measure_latency(small_, ignore);
  LAB_ASSERT_OK(latency);
  ASSERT_EQ(has_load(), bool(WITH_LOADGEN));
  if (!has_load()) {
    ASSERT_THAT(latency->notes, SizeIs(1));
    EXPECT_THAT(latency->notes[0], testing::HasSubstr("DPDK"));
    EXPECT_THAT(latency->section.rows, SizeIs(0));
    return;
  }
  std::vector<std::string> names;
  for (const LatencyRow& row : latency->section.rows) {
    SCOPED_TRACE(row.mode + " " + row.change);
    names.push_back(row.mode + " " + row.change);
    EXPECT_GT(row.times, 0u);
    EXPECT_EQ(row.seen.flows, small_.load_flows);
    EXPECT_GT(row.seen.sent, small_.load_flows);
    EXPECT_LT(row.seen.lost, row.seen.sent / 2);
    for (const uint64_t count : {row.seen.duplicated, row.seen.misrouted, row.seen.corrupt})
      EXPECT_EQ(count, 0u);
    EXPECT_TRUE(row.seen.delays);
  }
  EXPECT_THAT(names, ElementsAre("native none", "generic none", "tc none", "native backends",
                                 "native program", "native restart", "native kill"));
}

TEST_F(Sections, PressureKeepsTheFlows) {
  const Result<std::vector<Pressure>> pressures = measure_pressure(small_, ignore);
  LAB_ASSERT_OK(pressures);
  ASSERT_THAT(*pressures, SizeIs(2));
  for (const Pressure& p : *pressures) {
    EXPECT_EQ(p.flows, small_.flows_kept) << p.name;
    EXPECT_EQ(p.broken, 0u) << p.name;
    EXPECT_GT(p.packets, 0u) << p.name;
  }
}

TEST_F(Sections, ScalingHasAPointForEverySize) {
  const Result<int> cpu = last_cpu();
  LAB_ASSERT_OK(cpu);
  const Result<Scaling> scaling = measure_scaling(small_, *cpu, ignore);
  LAB_ASSERT_OK(scaling);
  std::vector<std::string> names;
  for (const Curve& c : scaling->curves) {
    names.push_back(c.name);
    const size_t sizes = c.name == "cpus" ? 1 : 2;
    EXPECT_THAT(c.series, Each(Field(&Series::points, SizeIs(sizes)))) << c.name;
  }
  EXPECT_THAT(
      names, ElementsAre("cpus", "services", "backends", "prefixes", "flows", "changes", "memory"));
  EXPECT_THAT(scaling->notes, SizeIs(0));
}

TEST_F(Sections, TheProgramPrintsAndWritesItsReport) {
  const test::TemporaryFolder folder;
  const std::string command = fmt::format(
      "{} --quick --only cost --contestant kernel-forwarding --rounds 2 --packets 2000 -o json "
      "--directory {} > {} < /dev/null",
      BENCH_RUN, folder.path("report"), folder.path("out"));
  const int status = std::system(command.c_str());
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command;
  const nlohmann::json printed = nlohmann::json::parse(std::ifstream(folder.path("out")));
  const nlohmann::json& rows = printed.at("cost").at("contestants");
  ASSERT_EQ(rows.size(), 2u);  // the floor is always there
  EXPECT_EQ(rows[0].at("name"), "xdp-tx");
  EXPECT_EQ(rows[1].at("name"), "kernel-forwarding");
  EXPECT_EQ(rows[1].at("samples").size(), 2u);
  EXPECT_EQ(rows[1].at("samples")[0].at("sent"), 2000);
  EXPECT_EQ(printed, nlohmann::json::parse(std::ifstream(folder.path("report/report.json"))));
  for (const char* file : {"report.md", "cost.svg"})
    EXPECT_TRUE(std::filesystem::exists(folder.path("report") + "/" + file)) << file;
}

}  // namespace
}  // namespace sluice::bench
