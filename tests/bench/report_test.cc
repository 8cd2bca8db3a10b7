// SPDX-License-Identifier: Apache-2.0
// A report says all that was measured, and hides nothing of it.
#include "compare/report.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "compare/plan.h"
#include "compare/svg.h"
#include "compare/tables.h"
#include "support/temporary_folder.h"

namespace sluice::bench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Measured row(const std::string& name, double ns) {
  const CostSample s = {.per_packet = {.ns = ns}, .sent = 1000, .delivered = 1000};
  return {.name = name, .summary = name, .backends = 64, .samples = {s, s, s}};
}

Results example() {
  Results r = {.date = "2026-11-26 10:00", .quick = true, .seconds = 42};
  r.machine = {.processor = "a processor", .kernel = "Linux 6.1", .system = "Debian", .cpus = 2};
  Measured floor = row("xdp-tx", 100);
  floor.is_floor = true;
  Measured lossy = row("nft-jhash", 900);
  lossy.samples[1].delivered = 993;
  lossy.samples[0].attempts = 2;
  lossy.samples[0].lost_before = 40;
  Measured noisy = row("kernel-forwarding", 400);
  noisy.samples[2].noisy = true;
  r.cost = {.packets = 1000,
            .flows = 64,
            .rounds = 3,
            .cpu = 1,
            .no_hardware = "none",
            .measured = {floor, row("sluice-native-adaptive", 200), noisy, lossy,
                         Measured{.name = "ipvs-ipip", .absent = "this kernel has no IPVS"}}};
  r.updates = {{.name = "backends",
                .what = "others",
                .times = 10,
                .sent = 5000,
                .lost = 3,
                .cuts = 11,
                .cuts_due = 10}};
  r.latency = {.driver = "af_xdp",
               .rows = {{.mode = "tc",
                         .change = "kill",
                         .what = "the daemon is killed",
                         .times = 5,
                         .seen = {.seconds = 2,
                                  .rate = 50'000,
                                  .flows = 1000,
                                  .sent = 99'000,
                                  .lost = 12,
                                  .misrouted = 34,
                                  .unsent = 7,
                                  .delays = Delays{1300, 1800, 53'000, 169'000, 4'202'000}}},
                        {.mode = "tc", .change = "silence", .seen = {.sent = 1, .lost = 1}}}};
  r.pressures = {{.name = "syn-flood", .what = "SYNs", .flows = 100, .broken = 2}};
  r.curves = {{.name = "services",
               .title = "A packet over services",
               .x = "services",
               .y = "ns",
               .series = {{.name = "tcp4", .points = {{1, 17, 1, false}, {1000, 18, 1, true}}}}}};
  r.notes = {"something was not measured"};
  return r;
}

TEST(Report, MarksWhatIsNoisyOrLossyOrAbsent) {
  for (const std::string& text : {to_text(example(), false), to_markdown(example())}) {
    EXPECT_THAT(text, HasSubstr("lost 7 in 1 of 3"));
    EXPECT_THAT(text, HasSubstr("noisy (1 of 3)"));
    EXPECT_THAT(text, HasSubstr("lost 40 in 1 retaken"));
    EXPECT_THAT(text, HasSubstr("ipvs-ipip: not measured: this kernel has no IPVS"));
    EXPECT_THAT(text, HasSubstr("No hardware counters (none)"));
    EXPECT_THAT(text, HasSubstr("something was not measured"));
    EXPECT_THAT(text, HasSubstr("went over 11 times, not 10"));
    EXPECT_THAT(text, HasSubstr("7 lost at the generator"));
  }
}

TEST(Report, HasLatenciesInMicrosecondsAndNoneWhereNothingCame) {
  const std::string text = to_markdown(example());
  EXPECT_THAT(text, HasSubstr("| tc | kill | 5 | 50.0 | 2.0 | 99000 | **12** | 0 | 0 | **34** | 0 "
                              "| 1.3 | 1.8 | 53.0 | 169.0 | 4202.0 |"));
  EXPECT_THAT(text, HasSubstr("| - | - | - | - | - |"));
  EXPECT_THAT(text, HasSubstr("kill: the daemon is killed"));
  EXPECT_THAT(text, HasSubstr("1000 flows"));
  EXPECT_THAT(text, HasSubstr("by af_xdp"));
}

TEST(Report, SaysWhetherPromisesAreKept) {
  std::vector<Promise> promises = promises_of(example().cost);
  ASSERT_EQ(promises.size(), 2u);
  EXPECT_EQ(promises[0].baseline, "kernel-forwarding");
  EXPECT_DOUBLE_EQ(promises[0].ratio, 0.5);
  EXPECT_TRUE(promises[0].kept());
  EXPECT_TRUE(promises[0].doubtful);  // of a noisy sample
  EXPECT_EQ(promises[1].baseline, "nft-jhash");
  EXPECT_LT(promises[1].ratio, 0.35);
  Results slow = example();
  slow.cost.measured[1] = row("sluice-native-adaptive", 330);
  EXPECT_FALSE(promises_of(slow.cost)[0].kept());
  EXPECT_THAT(to_text(slow, false), HasSubstr("NO"));
}

TEST(Report, AsJsonHasEverySample) {
  const nlohmann::json all = nlohmann::json::parse(to_json(example()));
  const nlohmann::json& rows = all.at("cost").at("contestants");
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[1].at("net_ns"), 100);
  EXPECT_FALSE(rows[1].contains("cycles"));
  EXPECT_EQ(rows[2].at("noisy_samples"), 1);
  EXPECT_EQ(rows[2].at("samples")[2].at("noisy"), true);
  EXPECT_EQ(rows[3].at("lost"), 7);
  EXPECT_EQ(rows[3].at("samples")[1].at("lost"), 7);
  EXPECT_EQ(rows[4].at("absent"), "this kernel has no IPVS");
  EXPECT_EQ(all.at("updates")[0].at("lost"), 3);
  const nlohmann::json& latency = all.at("latency");
  EXPECT_EQ(latency.at("driver"), "af_xdp");
  EXPECT_EQ(latency.at("rows")[0].at("lost"), 12);
  EXPECT_EQ(latency.at("rows")[0].at("lost_at_the_generator"), 7);
  EXPECT_EQ(latency.at("rows")[0].at("latency_ns").at("p999"), 169'000);
  EXPECT_TRUE(latency.at("rows")[1].at("latency_ns").is_null());
  EXPECT_EQ(all.at("pressures")[0].at("broken"), 2);
  EXPECT_EQ(all.at("curves")[0].at("series")[0].at("points").size(), 2u);
  EXPECT_EQ(all.at("machine").at("kernel"), "Linux 6.1");
}

TEST(Report, IsAFolderWhoseChartsAreThere) {
  const test::TemporaryFolder folder;
  const std::filesystem::path to = folder.path("deep/report");
  const Result<void> written = write_report(example(), to);
  ASSERT_TRUE(written) << written.error().message;
  std::stringstream text;
  text << std::ifstream(to / "report.md").rdbuf();
  for (const char* chart : {"cost.svg", "services.svg"}) {
    EXPECT_THAT(text.str(), HasSubstr(std::string("](") + chart + ")"));
    EXPECT_TRUE(std::filesystem::exists(to / chart)) << chart;
  }
  EXPECT_TRUE(std::filesystem::exists(to / "report.json"));
}

TEST(Svg, DrawsNoisyBarsOpenAndEscapesText) {
  const BarChart chart = {.title = "a < b & c",
                          .unit = "ns",
                          .line = 50,
                          .line_label = "floor",
                          .bars = {{"quiet", 100, 90, 110, false}, {"noisy", 200, 150, 250, true}}};
  const std::string svg = to_svg(chart);
  EXPECT_THAT(svg,
              AllOf(HasSubstr("a &lt; b &amp; c"), HasSubstr(">quiet<"), HasSubstr(">noisy<")));
  const auto bars_filled_with = [&](const std::string& color) {
    size_t count = 0;
    for (size_t at = svg.find("<rect x"); at != svg.npos; at = svg.find("<rect x", at + 1))
      count += svg.substr(at, svg.find('\n', at) - at).find("fill=\"" + color) != svg.npos;
    return count;
  };
  EXPECT_EQ(bars_filled_with("white"), 1u);
  EXPECT_EQ(bars_filled_with("#"), 1u);
}

TEST(Svg, OfOnePointOrNoneIsAChartToo) {
  Curve curve = {
      .name = "c", .title = "t", .x = "x", .y = "y", .series = {{"s", {{1, 5, 0, false}}}}};
  EXPECT_THAT(to_svg(curve),
              AllOf(HasSubstr("<circle"), Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
  curve.series[0].points.clear();
  EXPECT_THAT(to_svg(curve), HasSubstr("</svg>"));
}

TEST(Svg, HasRoundTicksUpToTheHighest) {
  EXPECT_THAT(ticks(4), ElementsAre(0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4));
  EXPECT_THAT(ticks(950), ElementsAre(0, 200, 400, 600, 800, 1000));
  EXPECT_THAT(ticks(0), ElementsAre(0, 1));
  for (const double most : {0.3, 7.0, 12.0, 99.0, 101.0, 3456.0}) {
    const std::vector<double> lines = ticks(most);
    EXPECT_GE(lines.back(), most);
    EXPECT_GE(lines.size(), 4u) << most;
    EXPECT_LE(lines.size(), 11u) << most;
  }
}

TEST(Plan, OfAQuickRunHasEverySectionAndLess) {
  const Plan quick = plan_of(true, {}), full = plan_of(false, {});
  EXPECT_EQ(quick.sections.size(), std::size(kSections));
  EXPECT_EQ(full.sections, quick.sections);
  EXPECT_LT(quick.rounds, full.rounds);
  EXPECT_LT(quick.packets, full.packets);
  EXPECT_LE(quick.services.size(), full.services.size());
}

TEST(Plan, KeepsTheOrderOfSectionsWhateverIsAskedFor) {
  const Plan plan = plan_of(true, {"scaling", "cost"});
  EXPECT_THAT(plan.sections, ElementsAre("cost", "scaling"));
  EXPECT_FALSE(plan.has("changes"));
}

}  // namespace
}  // namespace sluice::bench
