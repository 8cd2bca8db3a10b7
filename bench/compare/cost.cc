// SPDX-License-Identifier: Apache-2.0
#include "compare/cost.h"

#include <algorithm>
#include <functional>

#include "program/statistics.h"

namespace sluice::bench {

namespace {

using Part = double Reading::*;

// One of each round.
std::vector<double> values(const Measured& row, Part part) {
  std::vector<double> out;
  for (const CostSample& s : row.samples) out.push_back(s.per_packet.*part);
  return out;
}

std::vector<double> net_values(const Measured& row, const Measured& floor, Part part) {
  std::vector<double> out = values(row, part);
  for (size_t i = 0; i < std::min(out.size(), floor.samples.size()); i++)
    out[i] -= floor.samples[i].per_packet.*part;
  return out;
}

}  // namespace

CostFigures figures_of(const Measured& row, const Measured& floor) {
  const std::vector<double> ns = values(row, &Reading::ns);
  const std::vector<double> net = net_values(row, floor, &Reading::ns);
  CostFigures out = {.ns = median(ns),
                     .ns_spread = spread(ns),
                     .cycles = median(values(row, &Reading::cycles)),
                     .instructions = median(values(row, &Reading::instructions)),
                     .net_ns = median(net),
                     .net_spread = spread(net),
                     .net_cycles = median(net_values(row, floor, &Reading::cycles)),
                     .net_instructions = median(net_values(row, floor, &Reading::instructions))};
  for (const CostSample& s : row.samples) {
    out.sent += s.sent;
    out.lost += s.lost();
    out.astray += s.astray;
    out.noisy += s.noisy;
    out.lossy += s.lost() != 0;
    out.retaken += unsigned(s.attempts - 1);
    out.lost_before += s.lost_before;
  }
  return out;
}

std::optional<double> ratio(const Measured& row, const Measured& other) {
  std::vector<double> out;
  for (size_t i = 0; i < std::min(row.samples.size(), other.samples.size()); i++)
    if (const double below = other.samples[i].per_packet.ns; below > 0)
      out.push_back(row.samples[i].per_packet.ns / below);
  if (out.empty()) return {};
  return median(out);
}

const Measured* find(const std::vector<Measured>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &Measured::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace sluice::bench
