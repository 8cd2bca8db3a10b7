// SPDX-License-Identifier: Apache-2.0
#include "cli/backend_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/human.h"
#include "cli/table.h"

namespace sluice::cli {

namespace {

std::string participle(const std::string& what) {
  if (what == "drain") return "drained";
  if (what == "disable") return "disabled";
  return what == "ready" ? "forced to be ready" : what;
}

std::string name_of(const api::Override& o) {
  return o.of + (o.unknown ? " (not in the configuration)" : "");
}

// "2024-02-29T12:10:00Z (in 9m30s)"; empty: until it is undone.
std::string end_of(const api::Override& o) {
  return o.until.empty() ? "" : o.until + " (in " + human_duration(o.ends_in) + ")";
}

std::string weight_of(const api::PoolBackend& b) {
  if (b.weight == b.weight_configured) return std::to_string(b.weight);
  return fmt::format("{}/{}", b.weight, b.weight_configured);
}

std::string flows_of(const api::Remaining& r) {
  if (!r.known) return "-";
  return r.closing > 0 ? fmt::format("{}+{}", r.flows, r.closing) : std::to_string(r.flows);
}

}  // namespace

bool is_alarming(const std::string& state) {
  return !state.empty() && state != "up" && state != "unchecked" && state != "unknown";
}

std::string sentence_of(const api::Override& o) {
  std::string out = name_of(o) + " " + participle(o.what) + " since " + o.since;
  if (!o.until.empty()) out += " until " + end_of(o);
  if (!o.by.empty()) out += " by " + o.by;
  if (!o.reason.empty()) out += ": " + o.reason;
  return out;
}

std::string lines_of(const std::vector<api::Override>& overrides) {
  std::string out;
  for (const api::Override& o : overrides) out += (out.empty() ? "" : "\n") + sentence_of(o);
  return out;
}

std::string backend_table(const std::vector<api::PoolBackend>& backends, bool color) {
  std::vector<Column> columns = {{"POOL"},
                                 {"BACKEND"},
                                 {"ADDRESS"},
                                 {"STATE"},
                                 {"FOR", Align::kRight},
                                 {"WEIGHT", Align::kRight},
                                 {"FLOWS", Align::kRight},
                                 {"LAST CHECK"}};
  const bool has_details =
      std::ranges::any_of(backends, [](const api::PoolBackend& b) { return !b.detail.empty(); });
  if (has_details) columns.push_back({"DETAIL"});
  Table table(columns, color);
  for (const api::PoolBackend& b : backends) {
    std::vector<Cell> cells = {b.pool,
                               b.backend,
                               b.address,
                               Cell(b.state, is_alarming(b.state)),
                               human_duration(b.state_age),
                               Cell(weight_of(b), b.weight != b.weight_configured),
                               flows_of(b.remaining),
                               b.output.empty() ? "-" : b.output};
    if (has_details) cells.push_back(b.detail);
    table.add(cells);
  }
  return table.to_string();
}

std::string override_table(const std::vector<api::Override>& overrides, bool color) {
  Table table({{"OVERRIDE"}, {"OF"}, {"SINCE"}, {"UNTIL"}, {"BY"}, {"REASON"}}, color);
  for (const api::Override& o : overrides)
    table.add({Cell(o.what, true), Cell(name_of(o), o.unknown), o.since,
               o.until.empty() ? "it is undone" : end_of(o), o.by,
               o.reason.empty() ? "-" : o.reason});
  return table.to_string();
}

}  // namespace sluice::cli
