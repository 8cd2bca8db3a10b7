// SPDX-License-Identifier: Apache-2.0
#include "compare/run.h"

#include <algorithm>
#include <iterator>

#include "compare/changes.h"
#include "compare/latency.h"
#include "compare/measure_cost.h"
#include "compare/pressure.h"
#include "compare/scaling.h"
#include "program/cpu.h"

namespace sluice::bench {

namespace {

using Progress = std::function<void(const std::string&)>;

// Those asked for, and the floor, without which nothing is net.
std::vector<Contestant> chosen(const Controls& controls, const std::vector<std::string>& names) {
  std::vector<Contestant> all = contestants(controls.null_tx(), controls.encap_words());
  if (names.empty()) return all;
  std::erase_if(all, [&](const Contestant& c) {
    return c.role != Role::kFloor && std::ranges::find(names, c.name) == names.end();
  });
  return all;
}

Result<void> compare_costs(const Plan& plan, const RunOptions& options, CostSection& section,
                           const Progress& progress) {
  const Result<std::unique_ptr<netns::Lab>> lab = netns::Lab::create();
  if (!lab) return lab.error();
  const Result<Controls> controls = Controls::load();
  if (!controls) return controls.error();
  const CostSettings settings = {.rounds = plan.rounds,
                                 .attempts = plan.attempts,
                                 .packets = plan.packets,
                                 .flows = plan.flows,
                                 .cpu = options.cpu};
  Result<Costs> costs = measure_costs(**lab, chosen(*controls, options.contestants), live_frames,
                                      settings, *controls, progress);
  if (!costs) return costs.error();
  section = {.packets = settings.packets,
             .flows = settings.flows,
             .rounds = settings.rounds,
             .cpu = settings.cpu,
             .no_hardware = costs->no_hardware,
             .measured = std::move(costs->measured)};
  return {};
}

}  // namespace

std::vector<Summary> summaries() {
  std::vector<Summary> out;
  constexpr int kNone = -1;
  for (const Contestant& c : contestants(kNone, kNone)) out.push_back({c.name, c.summary});
  return out;
}

Result<void> run(const Plan& plan, const RunOptions& options, Results& results,
                 const Progress& progress) {
  RunOptions chosen = options;
  if (chosen.cpu < 0) {
    const Result<int> last = last_cpu();
    if (!last) return last.error();
    chosen.cpu = *last;
  }
  if (plan.has("cost"))
    if (Result<void> r = compare_costs(plan, chosen, results.cost, progress); !r) return r;
  if (plan.has("changes")) {
    Result<std::vector<Update>> updates = measure_changes(plan, progress);
    if (!updates) return updates.error();
    results.updates = std::move(*updates);
  }
  if (plan.has("latency")) {
    Result<Latency> latency = measure_latency(plan, progress);
    if (!latency) return latency.error();
    results.latency = std::move(latency->section);
    std::ranges::move(latency->notes, std::back_inserter(results.notes));
  }
  if (plan.has("pressure")) {
    Result<std::vector<Pressure>> pressures = measure_pressure(plan, progress);
    if (!pressures) return pressures.error();
    results.pressures = std::move(*pressures);
  }
  if (plan.has("scaling")) {
    Result<Scaling> scaling = measure_scaling(plan, chosen.cpu, progress);
    if (!scaling) return scaling.error();
    results.curves = std::move(scaling->curves);
    std::ranges::move(scaling->notes, std::back_inserter(results.notes));
  }
  return {};
}

}  // namespace sluice::bench
