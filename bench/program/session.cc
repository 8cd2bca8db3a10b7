// SPDX-License-Identifier: Apache-2.0
#include "program/session.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>

#include "program/check.h"
#include "program/statistics.h"

namespace sluice::bench {

namespace {

uint64_t unexpected(const Run& run, uint32_t repeats, uint32_t action) {
  return repeats - run.actions.at(action);
}

int fd_of(const Scenario& scenario, const Controls& controls, const World* world) {
  switch (scenario.program) {
    case Program::kShipped:
      return world->program_fd();
    case Program::kNullTx:
      return controls.null_tx();
    case Program::kEncapOnly:
      return controls.encap_only();
    case Program::kEncapWords:
      return controls.encap_words();
  }
  return -1;
}

// The samples of each kind, net.
struct Samples {
  std::vector<double> instructions, cycles, ns;

  void add(const Reading& all, const Reading& floor) {
    instructions.push_back(all.instructions - floor.instructions);
    cycles.push_back(all.cycles - floor.cycles);
    ns.push_back(all.ns - floor.ns);
  }
};

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const Settings& settings) {
  constexpr int kFirstReadings = 20;
  Result<Controls> controls = Controls::load();
  if (!controls) return controls.error();
  std::unique_ptr<Session> session(new Session(settings, std::move(*controls)));
  if (Result<void> r = session->gate_.settle(kFirstReadings); !r) return r.error();
  return session;
}

Session::Session(const Settings& settings, Controls controls)
    : settings_(settings),
      meter_(Meter::open()),
      controls_(std::move(controls)),
      gate_([this] { return calibrate(); }, settings.attempts) {
}

Result<double> Session::calibrate() {
  static const std::vector<uint8_t> frame = frame_of(headers_of({.destination = "192.0.2.1"}), 0);
  const Result<Reading> r = run_bare(controls_.null_tx(), frame, settings_.calibration, meter_);
  if (!r) return r.error();
  return meter_.has_hardware() ? r->cycles : r->ns;
}

Result<Prepared> Session::prepare(const Scenario& scenario) {
  Prepared out = {.scenario = &scenario, .world = nullptr, .harness = nullptr};
  if (scenario.program == Program::kShipped) {
    Result<std::unique_ptr<World>> world = World::create(scenario.yaml);
    if (!world) return world.error();
    out.world = std::move(*world);
    if (scenario.setup)
      if (Result<void> r = scenario.setup(*out.world); !r) return r.error();
  }
  out.subject = {.fd = fd_of(scenario, controls_, out.world.get()),
                 .growth = scenario.outcome.growth};
  // Before any other packet of a flow, after which a SYN would be no beginning.
  if (scenario.begins)
    for (const Order& order : scenario.orders)
      if (Result<void> r = begin(out, order); !r) return r.error();
  if (Result<void> r = check_first_packet(scenario, out.subject.fd); !r) return r.error();
  Result<std::unique_ptr<Harness>> harness = Harness::create(headers_of(scenario.packet), meter_);
  if (!harness) return harness.error();
  out.harness = std::move(*harness);
  if (Result<void> r = check_wrapper(scenario, *out.harness, out.subject); !r) return r.error();
  const Result<ProgramSize> size = size_of_program(out.subject.fd);
  if (!size) return size.error();
  out.size = *size;
  return out;
}

// Begins every flow of the set.
Result<void> Session::begin(Prepared& prepared, const Order& order) {
  Packet syn = prepared.scenario->packet;
  syn.tcp_flags = kTcpSyn;
  const Result<std::unique_ptr<Harness>> harness = Harness::create(headers_of(syn), meter_);
  if (!harness) return harness.error();
  const Result<Run> run = (*harness)->run(prepared.subject, order, kFillMultiplier, order.flows);
  return run ? Result<void>() : Result<void>(run.error());
}

// Shows the program every flow of the set once, and the caches what they will see.
Result<uint64_t> Session::fill(Prepared& prepared, const Order& order) {
  const uint32_t packets = std::max(order.flows, settings_.repeats);
  const Result<Run> run = prepared.harness->run(prepared.subject, order, kFillMultiplier, packets);
  if (!run) return run.error();
  return unexpected(*run, packets, prepared.scenario->outcome.action);
}

Result<Figures> Session::measure(Prepared& prepared, const Order& order,
                                 const std::function<void(int)>& progress) {
  const Subject floor = {.fd = controls_.null_tx(), .growth = 0};
  const Result<uint64_t> filling = fill(prepared, order);
  if (!filling) return filling.error();
  Figures out = {.unexpected = *filling};
  Samples net;
  // One sample of `subject`; what is answered otherwise than by `action` is unexpected.
  const auto sample = [&](const Subject& subject, uint32_t action) -> Result<Reading> {
    const Result<QuietGate::Passed<Run>> passed = gate_.measure<Run>([&]() -> Result<Run> {
      Result<Run> run =
          prepared.harness->run(subject, order, kMeasureMultiplier, settings_.repeats);
      if (run) out.unexpected += unexpected(*run, settings_.repeats, action);
      return run;
    });
    if (!passed) return passed.error();
    out.noisy |= passed->noisy;
    return passed->sample.per_packet;
  };
  for (int i = 0; i < settings_.samples; i++) {
    progress(i);
    const Result<Reading> below = sample(floor, XDP_TX);
    if (!below) return below.error();
    const Result<Reading> all = sample(prepared.subject, prepared.scenario->outcome.action);
    if (!all) return all.error();
    net.add(*all, *below);
  }
  out.instructions = median(net.instructions);
  out.cycles = median(net.cycles);
  out.ns = median(net.ns);
  out.iqr_cycles = spread(net.cycles);
  out.iqr_ns = spread(net.ns);
  return out;
}

}  // namespace sluice::bench
