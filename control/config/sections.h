// SPDX-License-Identifier: Apache-2.0
// One function per section of the file: node -> values, every error reported.
#pragma once

#include <optional>

#include "config/checks.h"
#include "config/draft.h"
#include "config/tree.h"
#include "model/config.h"

namespace sluice {

// What services and backends take when they say nothing.
struct Defaults {
  Forward forward;
  HashFields hash = HashFields::kFiveTuple;
  Tracking tracking = Tracking::kAdaptive;
  CheckDefaults check;
};

void read_interfaces(const Node& node, Config& config, Report& report);
// Flows, drain, ring, seed and MTU go to `config`.
Defaults read_defaults(const Node& node, Config& config, Report& report);
void read_pools(const Node& node, const Defaults& defaults, Draft& draft, Report& report);
void read_services(const Node& node, const Defaults& defaults, Draft& draft, Report& report);

// `gue`, or `{gue: {port: 6080, source: [10.0.0.5, fd00::5]}}`.
std::optional<Forward> read_forward(const Node& node, Report& report);

}  // namespace sluice
