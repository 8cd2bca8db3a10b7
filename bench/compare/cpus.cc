// SPDX-License-Identifier: Apache-2.0
#include "compare/cpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "compare/cpu_meter.h"
#include "compare/party.h"
#include "program/controls.h"
#include "program/cpu.h"
#include "program/statistics.h"

namespace sluice::bench {

namespace {

using Progress = std::function<void(const std::string&)>;

constexpr const char* kContestants[] = {kFloorName, "sluice-native-adaptive",
                                        "sluice-native-always", kForwardingName, "nft-jhash"};

// What `f` says of each CPU, all at once, on a thread that stays there.
template <class T>
Result<std::vector<T>> on_each(const std::vector<int>& cpus,
                               const std::function<Result<T>(int)>& f) {
  std::vector<Result<T>> results(cpus.size(), Error{"nothing ran"});
  std::vector<std::thread> threads;
  for (size_t i = 0; i < cpus.size(); i++)
    threads.emplace_back([&, i] {
      const Result<void> pinned = become_sender(cpus[i]);
      results[i] = pinned ? f(cpus[i]) : Result<T>(pinned.error());
    });
  for (std::thread& t : threads) t.join();
  std::vector<T> out;
  for (Result<T>& r : results) {
    if (!r) return r.error();
    out.push_back(*r);
  }
  return out;
}

// The CPU time it took to send, in nanoseconds.
Result<double> send_from(Party& party, int cpu, uint64_t packets, uint32_t flows) {
  if (Result<void> r = party.site.network->enter(); !r) return r.error();
  Result<CpuMeter> meter = CpuMeter::open(cpu);
  if (!meter) return meter.error();
  if (Result<void> r = meter->start(); !r) return r.error();
  if (Result<void> r = party.traffic->send(packets, flows); !r) return r.error();
  const Result<Reading> reading = meter->stop();
  if (!reading) return reading.error();
  return reading->ns;
}

// Of a packet that was delivered. Lossy samples are noisy ones here.
Result<Point> measure(Party& party, const std::vector<int>& cpus, const Plan& plan) {
  const Result<std::vector<unsigned>> settled =
      on_each<unsigned>({cpus.back()}, [&](int) -> Result<unsigned> {
        if (Result<void> r = party.site.network->enter(); !r) return r.error();
        return party.settle(plan.flows);
      });
  if (!settled) return settled.error();
  std::vector<double> costs;
  Point point = {.x = double(cpus.size())};
  for (int i = 0; i <= plan.samples; i++) {
    const Passage before = party.traffic->passage();
    const Result<std::vector<double>> ns = on_each<double>(
        cpus, [&](int cpu) { return send_from(party, cpu, plan.packets, plan.flows); });
    if (!ns) return ns.error();
    const Passage passage = passage_since(*party.traffic, before);
    if (passage.delivered == 0) return Error{"no packet is delivered any more"};
    if (i == 0) continue;  // the first is for the caches, and for who remembers flows
    double sum = 0;
    for (const double each : *ns) sum += each;
    costs.push_back(sum / double(passage.delivered));
    point.noisy |= passage.delivered != passage.sent;
  }
  point.y = median(costs);
  point.spread = spread(costs);
  return point;
}

Result<std::vector<int>> last_cpus(unsigned count) {
  const Result<int> last = last_cpu();
  if (!last) return last.error();
  std::vector<int> cpus;
  for (int cpu = *last; cpu >= 0 && cpus.size() < count; cpu--) cpus.push_back(cpu);
  return cpus;
}

}  // namespace

Result<Curve> measure_cpus(const Plan& plan, const Progress& progress) {
  const Result<Controls> controls = Controls::load();
  if (!controls) return controls.error();
  const std::vector<Contestant> all = contestants(controls->null_tx(), controls->encap_words());
  Curve out = {.name = "cpus",
               .title = "A packet over CPUs",
               .x = "CPUs that forward at once",
               .y = "nanoseconds of a packet, with the way there and back (open: lossy)",
               .series = {}};
  for (const char* name : kContestants) {
    const Contestant& who = *std::ranges::find(all, name, &Contestant::name);
    Series series = {.name = name, .points = {}};
    for (const unsigned count : plan.cpus) {
      const Result<std::vector<int>> cpus = last_cpus(count);
      if (!cpus) return cpus.error();
      if (cpus->size() < count) continue;
      progress(fmt::format("scaling: {} on {} CPUs", name, count));
      const Result<std::unique_ptr<netns::Lab>> lab = netns::Lab::create();
      if (!lab) return lab.error();
      Result<Party> party = Party::set_up(**lab, who, live_frames, count);
      if (!party && who.role == Role::kBaseline) break;
      if (!party) return Error{std::string(name) + ": " + party.error().message};
      const Result<Point> point = measure(*party, *cpus, plan);
      if (!point) return Error{std::string(name) + ": " + point.error().message};
      series.points.push_back(*point);
    }
    if (!series.points.empty()) out.series.push_back(std::move(series));
  }
  return out;
}

}  // namespace sluice::bench
