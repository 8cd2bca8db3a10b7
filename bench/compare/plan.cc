// SPDX-License-Identifier: Apache-2.0
#include "compare/plan.h"

#include <algorithm>

namespace sluice::bench {

bool Plan::has(const std::string& section) const {
  return std::ranges::find(sections, section) != sections.end();
}

Plan plan_of(bool quick, const std::vector<std::string>& only) {
  Plan plan = {.sections = {},
               .rounds = quick ? 7 : 15,
               .attempts = quick ? 2 : 4,
               .packets = quick ? 1u << 18 : 1u << 20,
               .flows = 1u << 16,
               .pauses = quick ? 10u : 100u,
               .backend_changes = quick ? 50u : 600u,
               .replacements = quick ? 20u : 100u,
               .restarts = quick ? 5u : 50u,
               .load = 50'000,
               .load_flows = 10'000,
               .flows_kept = quick ? 500u : 2000u,
               .flood_seconds = quick ? 3u : 30u,
               .cpus = {1, 2},
               .services = {1, 100, 10'000},
               .backends = {1, 100, 10'000},
               .prefixes = {1, 1'000, 100'000},
               .change_services = {1, 100, 1'000},
               .flow_sets = {1, 1u << 10, 1u << 17, 1u << 20},
               .samples = quick ? 3 : 9};
  if (!quick) {
    plan.services = {1, 10, 100, 1'000, 10'000};
    plan.backends = {1, 10, 100, 1'000, 10'000};
    plan.prefixes = {1, 100, 10'000, 100'000, 250'000};
    plan.flow_sets.push_back(1u << 23);
    plan.change_services = {1, 10, 100, 1'000, 10'000};
  }
  for (const char* section : kSections)
    if (only.empty() || std::ranges::find(only, section) != only.end())
      plan.sections.push_back(section);
  return plan;
}

}  // namespace sluice::bench
