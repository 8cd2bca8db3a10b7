// SPDX-License-Identifier: Apache-2.0
// The tables of a report, as values: the terminal and Markdown show the same ones.
#pragma once

#include <string>
#include <vector>

#include "cli/table.h"
#include "compare/results.h"

namespace sluice::bench {

struct ReportTable {
  std::string title;
  std::vector<cli::Column> columns;
  std::vector<std::vector<cli::Cell>> rows;
  std::vector<std::string> remarks;  // a line each, below it
};

// Of the sections that were measured.
std::vector<ReportTable> tables_of(const Results& results);

// What is promised of sluice beside the baselines of the same run.
struct Promise {
  std::string what, baseline;
  double ratio = 0, most = 0;
  bool doubtful = false;  // some of its samples were noisy or lossy
  bool kept() const { return ratio <= most; }
};
std::vector<Promise> promises_of(const CostSection& cost);

std::string to_terminal(const ReportTable& table, bool color);
std::string to_markdown(const ReportTable& table);

}  // namespace sluice::bench
