// SPDX-License-Identifier: Apache-2.0
// What bench-loadgen prints is read as it says it, and nothing is made up that it does not say.
#include "compare/load_report.h"

#include <gmock/gmock.h>

#include "loadgen/report.h"

namespace sluice::bench {
namespace {

using testing::HasSubstr;

loadgen::Total example() {
  loadgen::Total t;
  t.all.sent = 1000;
  t.all.received = 993;
  t.all.duplicated = 3;
  t.all.reordered = 4;
  t.all.misrouted = 5;
  t.all.corrupt = 6;
  for (const uint32_t ns : {1000, 1000, 1000, 90'000}) t.all.latency.add(ns);
  t.seconds = 2;
  t.flows = 40;
  t.lossy_flows = 7;
  t.misrouted_flows = 2;
  t.not_sent = 8;
  t.missed = 9;
  return t;
}

std::string printed(const std::string& total) {
  return "EAL: something of DPDK's {\n" + to_json(loadgen::Interval()) + "\n" + total + "\n";
}

TEST(LoadReport, IsWhatTheGeneratorCounted) {
  const loadgen::Total t = example();
  const Result<LoadReport> report = read_load_report(printed(to_json(t)));
  ASSERT_TRUE(report) << report.error().message;
  const loadgen::Histogram& h = t.all.latency;
  EXPECT_EQ(*report, (LoadReport{.seconds = 2,
                                 .rate = 500,
                                 .flows = 40,
                                 .sent = 1000,
                                 .lost = t.all.lost(),
                                 .duplicated = 3,
                                 .reordered = 4,
                                 .misrouted = 5,
                                 .corrupt = 6,
                                 .unsent = 17,
                                 .lossy_flows = 7,
                                 .misrouted_flows = 2,
                                 .delays = Delays{.p50 = h.percentile(0.5),
                                                  .p90 = h.percentile(0.9),
                                                  .p99 = h.percentile(0.99),
                                                  .p999 = h.percentile(0.999),
                                                  .most = h.most()}}));
  EXPECT_GT(report->lost, 0u);
  EXPECT_LT(report->delays->p50, report->delays->most);
}

TEST(LoadReport, HasNoDelaysWhereNothingCame) {
  loadgen::Total t = example();
  t.all.latency = {};
  const Result<LoadReport> report = read_load_report(printed(to_json(t)));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->delays);
}

TEST(LoadReport, NamesWhatIsMissing) {
  std::string total = to_json(example());
  const auto without = [&](const std::string& key) {
    std::string text = total;
    text.replace(text.find("\"" + key + "\""), key.size() + 2, "\"other\"");
    return read_load_report(printed(text));
  };
  for (const char* key : {"pps_sent", "lost", "misrouted", "missed", "latency_ns", "p999"}) {
    const Result<LoadReport> report = without(key);
    ASSERT_FALSE(report) << key;
    EXPECT_THAT(report.error().message, HasSubstr(key));
  }
  const Result<LoadReport> none = read_load_report("port eth7: no such device\n");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("no such device"));
}

TEST(LoadReport, KnowsWhetherASecondIsOver) {
  EXPECT_FALSE(tells_a_second("EAL: \"second\"\n"));
  EXPECT_FALSE(tells_a_second(to_json(example()) + "\n"));
  EXPECT_TRUE(tells_a_second(printed("")));
}

}  // namespace
}  // namespace sluice::bench
