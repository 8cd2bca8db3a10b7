// SPDX-License-Identifier: Apache-2.0
// Charts as SVG, for people who look at a report.
#pragma once

#include <string>
#include <vector>

#include "compare/results.h"

namespace sluice::bench {

struct Bar {
  std::string label;
  double value = 0;
  double low = 0, high = 0;  // the middle half of its samples
  bool marked = false;       // noisy, or lossy: drawn open
};

struct BarChart {
  std::string title, unit;
  double line = 0;  // a value to compare with; 0: none
  std::string line_label;
  std::vector<Bar> bars;  // from top to bottom
};

std::string to_svg(const BarChart& chart);

// The x axis is logarithmic; points that are noisy are drawn open.
std::string to_svg(const Curve& curve);

// Where an axis from 0 to `most` has its lines: round numbers, four to ten of them, the last one
// not below `most`.
std::vector<double> ticks(double most);

}  // namespace sluice::bench
