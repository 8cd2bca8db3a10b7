// SPDX-License-Identifier: Apache-2.0
#include "compare/tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/human.h"
#include "compare/contestant.h"

namespace sluice::bench {

namespace {

using cli::Align;
using cli::Cell;
using cli::Column;

constexpr char kSluice[] = "sluice-native-adaptive";
constexpr const char* kNftables[] = {"nft-jhash-dsr", "nft-jhash", "nft-dnat"};
constexpr double kOfForwarding = 0.6, kOfNftables = 0.35;

Column right(const char* title) {
  return {title, Align::kRight};
}

std::string ratio_text(const std::optional<double>& ratio) {
  return ratio ? fmt::format("{:.2f}", *ratio) : "-";
}

// "noisy (3 of 9), lost 12 in 1 of 9, 7 astray"
std::string remark_of(const CostFigures& f, size_t samples) {
  std::string out;
  const auto add = [&](const std::string& what) { out += (out.empty() ? "" : ", ") + what; };
  if (f.noisy) add(fmt::format("noisy ({} of {})", f.noisy, samples));
  if (f.lost) add(fmt::format("lost {} in {} of {}", f.lost, f.lossy, samples));
  if (f.astray) add(fmt::format("{} astray", f.astray));
  if (f.lost_before) add(fmt::format("lost {} in {} retaken", f.lost_before, f.retaken));
  return out;
}

std::vector<Cell> cost_cells(const Measured& m, const CostSection& cost, const Measured& floor,
                             const Measured* forwarding, const Measured* nftables) {
  if (m.samples.empty()) return {};
  const CostFigures f = figures_of(m, floor);
  std::vector<Cell> out = {m.name, fmt::format("{:.0f}", f.ns), fmt::format("{:.0f}", f.ns_spread),
                           m.is_floor ? "-" : fmt::format("{:.0f}", f.net_ns)};
  if (cost.no_hardware.empty())
    out.insert(out.end(),
               {fmt::format("{:.0f}", f.net_cycles), fmt::format("{:.0f}", f.net_instructions)});
  for (const Measured* other : {forwarding, nftables})
    out.emplace_back(other ? ratio_text(ratio(m, *other)) : "-");
  out.emplace_back(cli::human_count(f.sent));
  out.emplace_back(std::to_string(f.lost), f.lost != 0);
  out.emplace_back(remark_of(f, m.samples.size()), true);
  return out;
}

std::string section_text(const CostSection& cost) {
  return fmt::format(
      "Medians of {} rounds of {} packets of 64 bytes, UDP over IPv4, {} flows, {} backends, on "
      "CPU {}. NS is with the way there and back; NET is above the floor of the same round.",
      cost.rounds, cost.packets, cost.flows, kSiteBackends, cost.cpu);
}

ReportTable cost_table(const CostSection& cost) {
  ReportTable t = {.title = "CPU time of a packet",
                   .columns = {{"CONTESTANT"}, right("NS"), right("IQR"), right("NET NS")},
                   .rows = {},
                   .remarks = {section_text(cost)}};
  if (cost.no_hardware.empty())
    t.columns.insert(t.columns.end(), {right("NET CYCLES"), right("NET INSTRUCTIONS")});
  t.columns.insert(
      t.columns.end(),
      {right("TO FORWARDING"), right("TO NFT-JHASH"), right("PACKETS"), right("LOST"), {"REMARK"}});
  static const Measured kNobody;
  const Measured* const floor = find(cost.measured, kFloorName);
  const Measured* const forwarding = find(cost.measured, kForwardingName);
  const Measured* const nftables = find(cost.measured, "nft-jhash");
  for (const Measured& m : cost.measured)
    if (const std::vector<Cell> row =
            cost_cells(m, cost, floor ? *floor : kNobody, forwarding, nftables);
        !row.empty())
      t.rows.push_back(row);
  for (const Measured& m : cost.measured)
    if (!m.absent.empty())
      t.remarks.push_back(fmt::format("{}: not measured: {}", m.name, m.absent));
  if (!cost.no_hardware.empty())
    t.remarks.push_back("No hardware counters (" + cost.no_hardware + "): times only.");
  return t;
}

ReportTable promise_table(const CostSection& cost) {
  ReportTable t = {
      .title = "What is promised",
      .columns = {{"SLUICE"}, {"BASELINE"}, right("RATIO"), right("AT MOST"), {"KEPT"}, {"REMARK"}},
      .rows = {},
      .remarks = {}};
  for (const Promise& p : promises_of(cost))
    t.rows.push_back({p.what, p.baseline, fmt::format("{:.2f}", p.ratio),
                      fmt::format("{:.2f}", p.most), Cell(p.kept() ? "yes" : "NO", !p.kept()),
                      Cell(p.doubtful ? "of noisy or lossy samples" : "", true)});
  return t;
}

std::string remark_of(const Update& u) {
  if (u.overrun) return "more packets than can be told apart";
  if (u.cuts != u.cuts_due) return fmt::format("went over {} times, not {}", u.cuts, u.cuts_due);
  return {};
}

// Alarming unless it is 0.
Cell count(uint64_t n) {
  return {std::to_string(n), n != 0};
}

ReportTable update_table(const std::vector<Update>& updates) {
  ReportTable t = {.title = "Changes under load",
                   .columns = {{"CHANGE"},
                               right("TIMES"),
                               right("MS EACH"),
                               right("KPPS"),
                               right("PACKETS"),
                               right("LOST"),
                               right("TWICE"),
                               right("MISROUTED"),
                               {"REMARK"}},
                   .rows = {},
                   .remarks = {}};
  for (const Update& u : updates) {
    t.rows.push_back({u.name, std::to_string(u.times), fmt::format("{:.1f}", u.each_ms),
                      fmt::format("{:.0f}", u.rate / 1e3), cli::human_count(u.sent), count(u.lost),
                      count(u.duplicated), count(u.misrouted), Cell(remark_of(u), true)});
    t.remarks.push_back(u.name + ": " + u.what);
  }
  return t;
}

std::string remark_of(const LoadReport& seen) {
  return seen.unsent ? fmt::format("{} lost at the generator", seen.unsent) : "";
}

std::vector<Cell> latency_cells(const LatencyRow& row) {
  const LoadReport& seen = row.seen;
  std::vector<Cell> out = {row.mode,
                           row.change,
                           std::to_string(row.times),
                           fmt::format("{:.1f}", seen.rate / 1e3),
                           fmt::format("{:.1f}", seen.seconds),
                           cli::human_count(seen.sent)};
  for (const uint64_t n :
       {seen.lost, seen.duplicated, seen.reordered, seen.misrouted, seen.corrupt})
    out.push_back(count(n));
  const Delays d = seen.delays.value_or(Delays{});
  for (const uint64_t ns : {d.p50, d.p90, d.p99, d.p999, d.most})
    out.emplace_back(seen.delays ? fmt::format("{:.1f}", double(ns) / 1e3) : "-");
  out.emplace_back(remark_of(seen), true);
  return out;
}

ReportTable latency_table(const LatencySection& latency) {
  ReportTable t = {.title = "Latency under load",
                   .columns = {{"MODE"},
                               {"CHANGE"},
                               right("TIMES"),
                               right("KPPS"),
                               right("SECONDS"),
                               right("PACKETS"),
                               right("LOST"),
                               right("TWICE"),
                               right("REORDERED"),
                               right("MISROUTED"),
                               right("CORRUPT"),
                               right("P50 US"),
                               right("P90 US"),
                               right("P99 US"),
                               right("P99.9 US"),
                               right("MAX US"),
                               {"REMARK"}},
                   .rows = {},
                   .remarks = {}};
  for (const LatencyRow& row : latency.rows) {
    t.rows.push_back(latency_cells(row));
    if (const std::string what = row.change + ": " + row.what;
        std::ranges::find(t.remarks, what) == t.remarks.end())
      t.remarks.push_back(what);
  }
  t.remarks.push_back(fmt::format(
      "{} flows, four of five established TCP and one UDP, from bench-loadgen by {}; microseconds "
      "from the generator through sluice and back, with those that it waits for a CPU.",
      latency.rows.front().seen.flows, latency.driver));
  t.remarks.emplace_back(
      "Misrouted: at another backend than the first of their flow. tracking is adaptive, so no "
      "flow may move, whatever is done.");
  return t;
}

ReportTable pressure_table(const std::vector<Pressure>& pressures) {
  ReportTable t = {.title = "Flows under pressure",
                   .columns = {{"PRESSURE"},
                               right("FLOWS"),
                               right("BROKEN"),
                               right("FLOOD PACKETS"),
                               right("PER SECOND"),
                               right("LONGEST WAIT MS")},
                   .rows = {},
                   .remarks = {}};
  for (const Pressure& p : pressures) {
    t.rows.push_back({p.name, std::to_string(p.flows),
                      Cell(std::to_string(p.broken), p.broken != 0), cli::human_count(p.packets),
                      cli::human_count(uint64_t(double(p.packets) / std::max(p.seconds, 1e-3))),
                      std::to_string(p.longest_wait_ms)});
    t.remarks.push_back(p.name + ": " + p.what);
  }
  return t;
}

ReportTable curve_table(const Curve& curve) {
  ReportTable t = {.title = curve.title,
                   .columns = {{"SERIES"}, right("SIZE"), right("COST"), right("IQR"), {"REMARK"}},
                   .rows = {},
                   .remarks = {fmt::format("Size: {}; cost: {}.", curve.x, curve.y)}};
  for (const Series& s : curve.series)
    for (const Point& p : s.points)
      t.rows.push_back({s.name, cli::human_count(uint64_t(p.x)), fmt::format("{:.1f}", p.y),
                        fmt::format("{:.1f}", p.spread), Cell(p.noisy ? "noisy" : "", true)});
  return t;
}

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& c : cells) out += " " + c + " |";
  return out + "\n";
}

bool is_doubtful(const Measured& m) {
  return std::ranges::any_of(m.samples, [](const CostSample& s) { return s.noisy || s.lost(); });
}

}  // namespace

std::vector<Promise> promises_of(const CostSection& cost) {
  const Measured* const sluice = find(cost.measured, kSluice);
  std::vector<Promise> out;
  const auto add = [&](const char* baseline, double most) {
    const Measured* const other = find(cost.measured, baseline);
    if (!sluice || !other) return;
    if (const std::optional<double> r = ratio(*sluice, *other))
      out.push_back({.what = kSluice,
                     .baseline = baseline,
                     .ratio = *r,
                     .most = most,
                     .doubtful = is_doubtful(*sluice) || is_doubtful(*other)});
  };
  add(kForwardingName, kOfForwarding);
  for (const char* name : kNftables) add(name, kOfNftables);
  return out;
}

std::vector<ReportTable> tables_of(const Results& results) {
  std::vector<ReportTable> out;
  if (!results.cost.measured.empty()) {
    out.push_back(cost_table(results.cost));
    out.push_back(promise_table(results.cost));
  }
  if (!results.updates.empty()) out.push_back(update_table(results.updates));
  if (!results.latency.rows.empty()) out.push_back(latency_table(results.latency));
  if (!results.pressures.empty()) out.push_back(pressure_table(results.pressures));
  for (const Curve& c : results.curves) out.push_back(curve_table(c));
  std::erase_if(out, [](const ReportTable& t) { return t.rows.empty() && t.remarks.empty(); });
  return out;
}

std::string to_terminal(const ReportTable& table, bool color) {
  cli::Table out(table.columns, color);
  for (const std::vector<Cell>& row : table.rows) out.add(row);
  std::string text = table.title + "\n\n" + out.to_string();
  for (const std::string& r : table.remarks) text += r + "\n";
  return text;
}

std::string to_markdown(const ReportTable& table) {
  std::vector<std::string> titles, lines;
  for (const Column& c : table.columns) {
    titles.emplace_back(c.title);
    lines.emplace_back(c.align == Align::kRight ? "--:" : "---");
  }
  std::string text = "## " + table.title + "\n\n";
  if (!table.rows.empty()) text += markdown_row(titles) + markdown_row(lines);
  for (const std::vector<Cell>& row : table.rows) {
    std::vector<std::string> cells;
    for (const Cell& c : row)
      cells.push_back(c.alarming && !c.text.empty() ? "**" + c.text + "**" : c.text);
    text += markdown_row(cells);
  }
  text += "\n";
  for (const std::string& r : table.remarks) text += "- " + r + "\n";
  return text;
}

}  // namespace sluice::bench
