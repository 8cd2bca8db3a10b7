// SPDX-License-Identifier: Apache-2.0
#include "compare/measure_cost.h"

#include <fmt/format.h>

#include <thread>

#include "compare/cpu_meter.h"
#include "compare/party.h"
#include "program/harness.h"
#include "program/quiet_gate.h"

namespace sluice::bench {

namespace {

using Progress = std::function<void(const std::string&)>;

constexpr int kFirstReadings = 20;

// Everything here is on the one thread that stays on the CPU.
class Measurement {
 public:
  Measurement(const CostSettings& settings, const Controls& controls, const Progress& progress)
      : settings_(settings),
        controls_(controls),
        progress_(progress),
        gate_([this] { return calibrate(); }, settings.attempts) {}

  // Fills the samples of `rows`, which are of `parties`.
  Result<void> run(std::vector<Party>& parties, std::vector<Measured*>& rows) {
    if (Result<void> r = begin(); !r) return r;
    for (size_t i = 0; i < parties.size(); i++) {
      const std::string& name = parties[i].contestant->name;
      if (Result<void> r = parties[i].site.network->enter(); !r) return r;
      const Result<unsigned> backends = parties[i].settle(settings_.flows);
      if (!backends && parties[i].contestant->role != Role::kBaseline)
        return Error{name + ": " + backends.error().message};
      if (backends)
        rows[i]->backends = *backends;
      else
        rows[i]->absent = backends.error().message;
    }
    for (int round = 0; round < settings_.rounds; round++)
      for (size_t i = 0; i < parties.size(); i++) {
        if (!rows[i]->absent.empty()) continue;
        progress_(fmt::format("round {} of {}: {}", round + 1, settings_.rounds, rows[i]->name));
        Result<CostSample> sample = take(parties[i]);
        if (!sample) return Error{rows[i]->name + ": " + sample.error().message};
        rows[i]->samples.push_back(*sample);
      }
    return {};
  }

  std::string no_hardware() const { return meter_ ? meter_->why_not() : ""; }

 private:
  Result<void> begin() {
    if (Result<void> r = become_sender(settings_.cpu); !r) return r;
    Result<CpuMeter> meter = CpuMeter::open(settings_.cpu);
    if (!meter) return meter.error();
    meter_.emplace(std::move(*meter));
    calibrator_.emplace(Meter::open());
    return gate_.settle(kFirstReadings);
  }

  Result<double> calibrate() {
    static const std::vector<uint8_t> frame = frame_of(headers_of({.destination = kSiteVip}), 0);
    const Result<Reading> r =
        run_bare(controls_.null_tx(), frame, settings_.calibration, *calibrator_);
    if (!r) return r.error();
    return calibrator_->has_hardware() ? r->cycles : r->ns;
  }

  Result<CostSample> take(Party& party) {
    if (Result<void> r = party.site.network->enter(); !r) return r.error();
    // Every flow once: the caches have seen it, and who remembers flows does.
    if (const Result<Passage> r = send_all(*party.traffic, settings_.flows, settings_.flows); !r)
      return r.error();
    uint64_t lost = 0;  // in all attempts
    const Result<QuietGate::Passed<CostSample>> passed = gate_.measure<CostSample>(
        [&] {
          Result<CostSample> sample = take_once(*party.traffic);
          if (sample) lost += sample->lost();
          return sample;
        },
        [](const CostSample& s) { return s.lost() == 0; });
    if (!passed) return passed.error();
    CostSample out = passed->sample;
    out.noisy = passed->noisy;
    out.attempts = passed->attempts;
    out.lost_before = lost - out.lost();
    return out;
  }

  Result<CostSample> take_once(Traffic& traffic) {
    if (Result<void> r = meter_->start(); !r) return r.error();
    const Result<Passage> passage = send_all(traffic, settings_.packets, settings_.flows);
    const Result<Reading> reading = meter_->stop();
    if (!passage) return passage.error();
    if (!reading) return reading.error();
    if (passage->delivered == 0) return Error{"no packet is delivered any more"};
    const double count = double(passage->delivered);
    return CostSample{.per_packet = {.instructions = reading->instructions / count,
                                     .cycles = reading->cycles / count,
                                     .ns = reading->ns / count},
                      .sent = passage->sent,
                      .delivered = passage->delivered,
                      .astray = passage->astray};
  }

  const CostSettings& settings_;
  const Controls& controls_;
  const Progress& progress_;
  QuietGate gate_;
  std::optional<CpuMeter> meter_;
  std::optional<Meter> calibrator_;
};

}  // namespace

Result<Costs> measure_costs(const netns::Lab& lab, const std::vector<Contestant>& contestants,
                            const TrafficMaker& traffic, const CostSettings& settings,
                            const Controls& controls, const Progress& progress) {
  Costs out;
  std::vector<Party> parties;
  std::vector<size_t> places;  // of the parties in `out`
  for (const Contestant& c : contestants) {
    progress("setting up " + c.name);
    out.measured.push_back(
        {.name = c.name, .summary = c.summary, .is_floor = c.role == Role::kFloor});
    Result<Party> party = Party::set_up(lab, c, traffic);
    if (!party && c.role != Role::kBaseline) return Error{c.name + ": " + party.error().message};
    if (!party) {
      out.measured.back().absent = party.error().message;
      continue;
    }
    parties.push_back(std::move(*party));
    places.push_back(out.measured.size() - 1);
  }
  std::vector<Measured*> rows;
  for (size_t place : places) rows.push_back(&out.measured[place]);
  Measurement measurement(settings, controls, progress);
  Result<void> done;
  std::thread([&] { done = measurement.run(parties, rows); }).join();
  if (!done) return done.error();
  out.no_hardware = measurement.no_hardware();
  return out;
}

}  // namespace sluice::bench
