// SPDX-License-Identifier: Apache-2.0
#include "change/report.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "cli/table.h"
#include "program/statistics.h"

namespace sluice::bench {

namespace {

using cli::Align;

constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

double median_of(const MeasuredChange& m, const std::function<Duration(const Parts&)>& part) {
  std::vector<double> values;
  for (const Parts& p : m.samples) values.push_back(part(p).count());
  return median(values);
}

double slowest(const MeasuredChange& m) {
  double most = 0;
  for (const Parts& p : m.samples) most = std::max(most, p.total().count());
  return most;
}

double read_of(const MeasuredChange& m) {
  return median_of(m, [](const Parts& p) { return p.read; });
}
double ways_of(const MeasuredChange& m) {
  return median_of(m, [](const Parts& p) { return p.ways; });
}
double publish_of(const MeasuredChange& m) {
  return median_of(m, [](const Parts& p) { return p.publish; });
}
double live_of(const MeasuredChange& m) {
  return median_of(m, [](const Parts& p) { return p.live; });
}
double total_of(const MeasuredChange& m) {
  return median_of(m, [](const Parts& p) { return p.total(); });
}

double tenths(double value) {
  return std::round(value * 10) / 10;
}

}  // namespace

Memory memory_now() {
  Memory m;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmRSS:") status >> m.process;
    if (word == "VmHWM:") status >> m.most;
  }
  m.process *= kKiB;
  m.most *= kKiB;
  return m;
}

std::string to_json(const MeasuredChange& m, const Scale& scale) {
  return nlohmann::ordered_json{{"change", m.name},
                                {"services", scale.services},
                                {"backends", scale.backends},
                                {"samples", m.samples.size()},
                                {"read_ms", tenths(read_of(m))},
                                {"ways_ms", tenths(ways_of(m))},
                                {"publish_ms", tenths(publish_of(m))},
                                {"live_ms", tenths(live_of(m))},
                                {"total_ms", tenths(total_of(m))},
                                {"slowest_ms", tenths(slowest(m))}}
      .dump();
}

std::string to_json(const Memory& m, const Scale& scale) {
  return nlohmann::ordered_json{{"services", scale.services},
                                {"backends", scale.backends},
                                {"table_bytes", m.tables},
                                {"process_bytes", m.process},
                                {"most_bytes", m.most}}
      .dump();
}

std::string to_table(const std::vector<MeasuredChange>& all, bool color) {
  cli::Table table({{"CHANGE"},
                    {"SAMPLES", Align::kRight},
                    {"READ MS", Align::kRight},
                    {"WAYS MS", Align::kRight},
                    {"PUBLISH MS", Align::kRight},
                    {"LIVE MS", Align::kRight},
                    {"TOTAL MS", Align::kRight},
                    {"SLOWEST MS", Align::kRight}},
                   color);
  for (const MeasuredChange& m : all) {
    std::vector<cli::Cell> cells = {m.name, std::to_string(m.samples.size())};
    for (double ms : {read_of(m), ways_of(m), publish_of(m), live_of(m), total_of(m), slowest(m)})
      cells.push_back(ms == 0 ? "-" : fmt::format("{:.1f}", ms));
    table.add(cells);
  }
  return table.to_string();
}

std::string to_text(const Memory& m) {
  return fmt::format(
      "The tables take {} MiB of the kernel's memory, the process {} MiB after the first load and "
      "{} MiB at most.\n",
      m.tables / kMiB, m.process / kMiB, m.most / kMiB);
}

}  // namespace sluice::bench
