// SPDX-License-Identifier: Apache-2.0
#include "program/report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/table.h"

namespace sluice::bench {

namespace {

using cli::Align;
using cli::Cell;
using cli::Column;
using cli::Table;

// To a tenth: what lies below is noise.
nlohmann::json tenths(double value) {
  return std::round(value * 10) / 10;
}

std::string tenths_text(double value) {
  return fmt::format("{:.1f}", std::abs(value) < 0.05 ? 0 : value);
}

std::string flows_text(const Order& order) {
  return order.kind == OrderKind::kNew ? "-" : std::to_string(order.flows);
}

// What ratios are made of: cycles if they were counted.
double cost(const Figures& f, bool has_hardware) {
  return has_hardware ? f.cycles : f.ns;
}

std::string ratio(const Figures& f, const std::vector<Measured>& all, bool has_hardware) {
  for (const Measured& m : all)
    if (m.scenario->program == Program::kEncapOnly && cost(m.figures, has_hardware) > 0)
      return fmt::format("{:.2f}", cost(f, has_hardware) / cost(m.figures, has_hardware));
  return "-";
}

std::vector<Column> columns(bool has_hardware) {
  std::vector<Column> out = {{"SCENARIO"}, {"ORDER"}, {"FLOWS", Align::kRight}};
  if (has_hardware)
    for (const char* title : {"INSTRUCTIONS", "CYCLES", "IQR"})
      out.push_back({title, Align::kRight});
  out.push_back({"NS", Align::kRight});
  if (!has_hardware) out.push_back({"IQR", Align::kRight});
  out.push_back({"ENCAP-ONLY=1", Align::kRight});
  out.push_back({"UNEXPECTED", Align::kRight});
  out.push_back({"REMARK"});
  return out;
}

std::vector<Cell> cells(const Measured& m, const std::vector<Measured>& all, bool has_hardware) {
  const Figures& f = m.figures;
  std::vector<Cell> out = {m.scenario->name, to_string(m.order.kind), flows_text(m.order)};
  if (has_hardware)
    for (double value : {f.instructions, f.cycles, f.iqr_cycles}) out.push_back(tenths_text(value));
  out.push_back(tenths_text(f.ns));
  if (!has_hardware) out.push_back(tenths_text(f.iqr_ns));
  out.push_back(ratio(f, all, has_hardware));
  out.push_back({std::to_string(f.unexpected), f.unexpected != 0});
  out.push_back({f.noisy ? "noisy" : "", true});
  return out;
}

}  // namespace

std::string to_json(const Measured& m, bool has_hardware) {
  const Figures& f = m.figures;
  const nlohmann::json none;
  return nlohmann::ordered_json{{"scenario", m.scenario->name},
                                {"order", to_string(m.order.kind)},
                                {"flows", m.order.flows},
                                {"net_instructions", has_hardware ? tenths(f.instructions) : none},
                                {"net_cycles", has_hardware ? tenths(f.cycles) : none},
                                {"iqr_cycles", has_hardware ? tenths(f.iqr_cycles) : none},
                                {"net_ns", tenths(f.ns)},
                                {"iqr_ns", tenths(f.iqr_ns)},
                                {"noisy", f.noisy},
                                {"unexpected", f.unexpected}}
      .dump();
}

std::string to_json(const Sized& s) {
  return nlohmann::ordered_json{
      {"program", s.scenario->name}, {"verified", s.size.verified}, {"jit_bytes", s.size.jit_bytes}}
      .dump();
}

std::string to_tables(const std::vector<Measured>& measured, const std::vector<Sized>& sized,
                      bool has_hardware, bool color) {
  Table costs(columns(has_hardware), color);
  for (const Measured& m : measured) costs.add(cells(m, measured, has_hardware));
  Table sizes({{"PROGRAM"}, {"VERIFIED", Align::kRight}, {"JIT BYTES", Align::kRight}}, color);
  for (const Sized& s : sized)
    sizes.add(
        {s.scenario->name, std::to_string(s.size.verified), std::to_string(s.size.jit_bytes)});
  const std::string programs = sizes.to_string();
  return costs.to_string() + (programs.empty() ? "" : "\n" + programs);
}

}  // namespace sluice::bench
