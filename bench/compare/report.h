// SPDX-License-Identifier: Apache-2.0
// A run's report: one JSON object, Markdown for people, and charts.
#pragma once

#include <string>

#include "base/result.h"
#include "compare/results.h"

namespace sluice::bench {

// Everything, each sample included.
std::string to_json(const Results& results);
// What a terminal shows at the end.
std::string to_text(const Results& results, bool color);
std::string to_markdown(const Results& results);

// Writes report.json, report.md and the charts it shows into `directory`, which is made.
Result<void> write_report(const Results& results, const std::string& directory);

}  // namespace sluice::bench
