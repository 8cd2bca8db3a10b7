// SPDX-License-Identifier: Apache-2.0
#include "compare/latency.h"

#include <fmt/format.h>

#include <algorithm>

#include "compare/doing.h"
#include "compare/load.h"
#include "compare/site_sluice.h"

namespace sluice::bench {

namespace {

using Progress = std::function<void(const std::string&)>;

constexpr unsigned kHalf = kSiteBackends / 2;  // serve at a time

struct Case {
  const char* mode;
  Change change;
};
constexpr Case kCases[] = {{"native", Change::kNone},    {"generic", Change::kNone},
                           {"tc", Change::kNone},        {"native", Change::kBackends},
                           {"native", Change::kProgram}, {"native", Change::kRestart},
                           {"native", Change::kKill}};

// One half of the backends for the other.
void exchange(SiteConfig& config) {
  config.first_backend = config.first_backend == 1 ? 1 + kHalf : 1;
}

// Each in a site of its own: what a change leaves behind is no part of the next row.
Result<LatencyRow> measure_row(const netns::Lab& lab, const Plan& plan, const Case& which,
                               const std::string& driver, const std::string& name) {
  Result<Site> site = Site::create(lab, name);
  if (!site) return site.error();
  // An XDP socket answers no ARP, so the next hop is told.
  SiteConfig config = {
      .mode = which.mode, .tcp = true, .backends = kHalf, .next_hop = site->network_mac};
  const Result<std::unique_ptr<netns::Instance>> sluice = start_sluice(*site, name, config);
  if (!sluice) return sluice.error();
  const Subject subject = {.sluice = sluice->get(),
                           .backends = "all backends",
                           .with_other_backends =
                               [&] {
                                 exchange(config);
                                 return site_config(config);
                               },
                           .with_other_program =
                               [&] {
                                 config.range = !config.range;
                                 return site_config(config);
                               }};
  const Doing doing = doing_of(which.change, plan, subject);
  Result<Load> load =
      Load::start(*site, {.driver = driver, .rate = plan.load, .flows = plan.load_flows});
  if (!load) return load.error();
  const Result<double> busy = repeat(doing);
  if (!busy) return busy.error();
  const Result<LoadReport> seen = load->finish();
  if (!seen) return seen.error();
  return LatencyRow{.mode = which.mode,
                    .change = doing.name,
                    .what = doing.what,
                    .times = doing.times,
                    .each_ms = *busy / std::max(1u, doing.times),
                    .seen = *seen};
}

}  // namespace

Result<Latency> measure_latency(const Plan& plan, const Progress& progress) {
  Latency out;
  if (!has_load()) {
    out.notes = {"latency: bench-loadgen was not built, for want of DPDK (libdpdk-dev)"};
    return out;
  }
  progress("latency: setting up");
  const Result<std::unique_ptr<netns::Lab>> lab = netns::Lab::create();
  if (!lab) return lab.error();
  const Result<Wire> wire = usable_wire(**lab);
  if (!wire) {
    out.notes = {"latency: " + wire.error().message};
    return out;
  }
  if (!wire->why.empty()) out.notes = {"latency: " + wire->why};
  out.section.driver = wire->driver;
  for (const Case& which : kCases) {
    const std::string name = fmt::format("latency-{}", out.section.rows.size());
    progress(fmt::format("latency: {}, row {} of {}", which.mode, out.section.rows.size() + 1,
                         std::size(kCases)));
    Result<LatencyRow> row = measure_row(**lab, plan, which, wire->driver, name);
    if (!row) return row.error();
    out.section.rows.push_back(std::move(*row));
  }
  return out;
}

}  // namespace sluice::bench
