// SPDX-License-Identifier: Apache-2.0
#include "compare/report.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/human.h"
#include "compare/contestant.h"
#include "compare/svg.h"
#include "compare/tables.h"
#include "program/statistics.h"

namespace sluice::bench {

namespace {

using nlohmann::ordered_json;

constexpr char kCostChart[] = "cost";

ordered_json json_of(const Machine& m) {
  return {{"processor", m.processor}, {"cpus", m.cpus},     {"memory_bytes", m.memory},
          {"kernel", m.kernel},       {"system", m.system}, {"sluice", m.version},
          {"tools", m.tools},         {"load", m.load}};
}

ordered_json json_of(const CostSample& s, bool has_hardware) {
  ordered_json out = {{"ns", s.per_packet.ns}};
  if (has_hardware) {
    out["cycles"] = s.per_packet.cycles;
    out["instructions"] = s.per_packet.instructions;
  }
  out["sent"] = s.sent;
  out["delivered"] = s.delivered;
  out["lost"] = s.lost();
  out["astray"] = s.astray;
  out["noisy"] = s.noisy;
  out["attempts"] = s.attempts;
  out["lost_before"] = s.lost_before;
  return out;
}

ordered_json json_of(const Measured& m, const CostSection& cost) {
  ordered_json out = {{"name", m.name}, {"summary", m.summary}};
  if (!m.absent.empty()) out["absent"] = m.absent;
  if (m.samples.empty()) return out;
  static const Measured kNobody;
  const Measured* const floor = find(cost.measured, kFloorName);
  const CostFigures f = figures_of(m, floor ? *floor : kNobody);
  out["backends"] = m.backends;
  out["ns"] = f.ns;
  out["iqr_ns"] = f.ns_spread;
  out["net_ns"] = f.net_ns;
  out["net_iqr_ns"] = f.net_spread;
  if (cost.no_hardware.empty()) {
    out["cycles"] = f.cycles;
    out["instructions"] = f.instructions;
    out["net_cycles"] = f.net_cycles;
    out["net_instructions"] = f.net_instructions;
  }
  out["lost"] = f.lost;
  out["astray"] = f.astray;
  out["lossy_samples"] = f.lossy;
  out["noisy_samples"] = f.noisy;
  out["samples"] = ordered_json::array();
  for (const CostSample& s : m.samples)
    out["samples"].push_back(json_of(s, cost.no_hardware.empty()));
  return out;
}

ordered_json json_of(const CostSection& cost) {
  ordered_json out = {
      {"packets", cost.packets}, {"flows", cost.flows}, {"rounds", cost.rounds}, {"cpu", cost.cpu}};
  if (!cost.no_hardware.empty()) out["no_hardware_counters"] = cost.no_hardware;
  out["contestants"] = ordered_json::array();
  for (const Measured& m : cost.measured) out["contestants"].push_back(json_of(m, cost));
  out["promises"] = ordered_json::array();
  for (const Promise& p : promises_of(cost))
    out["promises"].push_back({{"what", p.what},
                               {"baseline", p.baseline},
                               {"ratio", p.ratio},
                               {"at_most", p.most},
                               {"kept", p.kept()},
                               {"doubtful", p.doubtful}});
  return out;
}

ordered_json json_of(const Update& u) {
  return {{"change", u.name},         {"what", u.what},       {"times", u.times},
          {"each_ms", u.each_ms},     {"seconds", u.seconds}, {"packets_per_second", u.rate},
          {"sent", u.sent},           {"lost", u.lost},       {"duplicated", u.duplicated},
          {"misrouted", u.misrouted}, {"cuts", u.cuts},       {"cuts_due", u.cuts_due},
          {"overrun", u.overrun}};
}

ordered_json json_of(const Delays& d) {
  return {{"p50", d.p50}, {"p90", d.p90}, {"p99", d.p99}, {"p999", d.p999}, {"max", d.most}};
}

ordered_json json_of(const LatencyRow& row) {
  const LoadReport& seen = row.seen;
  return {{"mode", row.mode},
          {"change", row.change},
          {"what", row.what},
          {"times", row.times},
          {"each_ms", row.each_ms},
          {"seconds", seen.seconds},
          {"packets_per_second", seen.rate},
          {"flows", seen.flows},
          {"sent", seen.sent},
          {"lost", seen.lost},
          {"lost_at_the_generator", seen.unsent},
          {"lossy_flows", seen.lossy_flows},
          {"duplicated", seen.duplicated},
          {"reordered", seen.reordered},
          {"misrouted", seen.misrouted},
          {"misrouted_flows", seen.misrouted_flows},
          {"corrupt", seen.corrupt},
          {"latency_ns", seen.delays ? json_of(*seen.delays) : ordered_json(nullptr)}};
}

ordered_json json_of(const Pressure& p) {
  return {{"pressure", p.name},
          {"what", p.what},
          {"flows", p.flows},
          {"broken", p.broken},
          {"packets", p.packets},
          {"seconds", p.seconds},
          {"longest_wait_ms", p.longest_wait_ms}};
}

ordered_json json_of(const Curve& c) {
  ordered_json all = ordered_json::array();
  for (const Series& s : c.series) {
    ordered_json points = ordered_json::array();
    for (const Point& p : s.points)
      points.push_back({{"x", p.x}, {"y", p.y}, {"iqr", p.spread}, {"noisy", p.noisy}});
    all.push_back({{"name", s.name}, {"points", points}});
  }
  return {{"name", c.name}, {"title", c.title}, {"x", c.x}, {"y", c.y}, {"series", all}};
}

template <class T>
ordered_json json_of_all(const std::vector<T>& all) {
  ordered_json out = ordered_json::array();
  for (const T& each : all) out.push_back(json_of(each));
  return out;
}

ordered_json json_of(const LatencySection& latency) {
  return {{"driver", latency.driver}, {"rows", json_of_all(latency.rows)}};
}

// One line each.
std::vector<std::string> lines_of(const Machine& m) {
  return {fmt::format("{}, {} CPUs, {}", m.processor, m.cpus, cli::human_bytes(m.memory)),
          fmt::format("{}, {}", m.system, m.kernel),
          fmt::format("sluice {}{}{}", m.version, m.tools.empty() ? "" : ", ",
                      fmt::join(m.tools, ", ")),
          fmt::format("{:.2f} threads wanted a CPU before it began", m.load)};
}

BarChart cost_chart(const CostSection& cost) {
  BarChart chart = {.title = "CPU time of a packet, with the way there and back",
                    .unit = "nanoseconds (open: noisy or lossy)",
                    .line = 0,
                    .line_label = "floor",
                    .bars = {}};
  for (const Measured& m : cost.measured) {
    if (m.samples.empty()) continue;
    const CostFigures f = figures_of(m, {});
    std::vector<double> ns;
    for (const CostSample& s : m.samples) ns.push_back(s.per_packet.ns);
    if (m.is_floor) chart.line = f.ns;
    chart.bars.push_back({.label = m.name,
                          .value = f.ns,
                          .low = quantile(ns, 0.25),
                          .high = quantile(ns, 0.75),
                          .marked = f.noisy != 0 || f.lost != 0});
  }
  return chart;
}

Result<void> write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) return errno_error("write " + path.string());
  return {};
}

std::string head_of(const Results& r) {
  std::string out = fmt::format("# sluice, compared\n\n{}{}, {}.\n\n", r.date,
                                r.quick ? ", a quick run" : "", cli::human_duration(r.seconds));
  for (const std::string& line : lines_of(r.machine)) out += "- " + line + "\n";
  return out + "\n";
}

}  // namespace

std::string to_json(const Results& r) {
  const ordered_json all = {{"date", r.date},
                            {"quick", r.quick},
                            {"seconds", r.seconds},
                            {"machine", json_of(r.machine)},
                            {"cost", json_of(r.cost)},
                            {"updates", json_of_all(r.updates)},
                            {"latency", json_of(r.latency)},
                            {"pressures", json_of_all(r.pressures)},
                            {"curves", json_of_all(r.curves)},
                            {"notes", r.notes}};
  return all.dump(1);
}

std::string to_text(const Results& r, bool color) {
  std::string out;
  for (const std::string& line : lines_of(r.machine)) out += line + "\n";
  // The comparison last: that is what one came for.
  std::vector<ReportTable> tables = tables_of(r);
  const size_t first = r.cost.measured.empty() ? 0 : std::min<size_t>(2, tables.size());
  std::rotate(tables.begin(), tables.begin() + long(first), tables.end());
  for (const ReportTable& t : tables) out += "\n" + to_terminal(t, color);
  for (const std::string& note : r.notes) out += "\nnote: " + note + "\n";
  return out;
}

std::string to_markdown(const Results& r) {
  std::string out = head_of(r);
  bool shown = r.cost.measured.empty();
  for (const ReportTable& t : tables_of(r)) {
    out += to_markdown(t) + "\n";
    if (!shown) out += fmt::format("![{}]({}.svg)\n\n", t.title, kCostChart);
    shown = true;
    for (const Curve& c : r.curves)
      if (c.title == t.title) out += fmt::format("![{}]({}.svg)\n\n", c.title, c.name);
  }
  if (!r.notes.empty()) out += "## Notes\n\n";
  for (const std::string& note : r.notes) out += "- " + note + "\n";
  return out;
}

Result<void> write_report(const Results& r, const std::string& directory) {
  const std::filesystem::path to = directory;
  std::error_code failed;
  std::filesystem::create_directories(to, failed);
  if (failed) return Error{"make " + directory + ": " + failed.message()};
  if (Result<void> done = write_file(to / "report.json", to_json(r) + "\n"); !done) return done;
  if (Result<void> done = write_file(to / "report.md", to_markdown(r)); !done) return done;
  if (!r.cost.measured.empty())
    if (Result<void> done =
            write_file(to / (std::string(kCostChart) + ".svg"), to_svg(cost_chart(r.cost)));
        !done)
      return done;
  for (const Curve& c : r.curves)
    if (Result<void> done = write_file(to / (c.name + ".svg"), to_svg(c)); !done) return done;
  return {};
}

}  // namespace sluice::bench
