// SPDX-License-Identifier: Apache-2.0
#include "compare/scaling.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <tuple>

#include "compare/cpus.h"
#include "compare/large.h"
#include "compare/tool.h"
#include "netns/process.h"
#include "program/cpu.h"
#include "program/session.h"

namespace sluice::bench {

namespace {

using Progress = std::function<void(const std::string&)>;

constexpr char kOfPacket[] = "nanoseconds of a packet, the program alone";
constexpr netns::milliseconds kChangePatience(900'000);
constexpr int kChangeSamples = 3;    // of ten thousand services each takes half a minute
constexpr uint32_t kEnough = 0;      // room for all flows there are, and
constexpr uint32_t kSlack = 2;       // as much again: a full table evicts before it has to
constexpr double kMemory = 2 << 20;  // bytes that bench-change needs for a service, at most

// Measures packets; everything on the thread that stays on the CPU.
class PacketCurves {
 public:
  static Result<std::unique_ptr<PacketCurves>> open(const Plan& plan, const Progress& progress) {
    Result<std::unique_ptr<Session>> session =
        Session::open({.samples = plan.samples, .attempts = plan.attempts});
    if (!session) return session.error();
    return std::unique_ptr<PacketCurves>(new PacketCurves(plan, std::move(*session), progress));
  }

  Result<void> run(std::vector<Curve>& curves) {
    if (Result<void> r =
            grow("services", "services, one pool", plan_.services, many_services, curves);
        !r)
      return r;
    if (Result<void> r =
            grow("backends", "backends of a service", plan_.backends, many_backends, curves);
        !r)
      return r;
    if (Result<void> r =
            grow("prefixes", "prefixes that are VIPs", plan_.prefixes, many_prefixes, curves);
        !r)
      return r;
    Curve flows = curve("flows", "flows, each begun by a SYN");
    for (const auto& [name, tracking, room] :
         {std::tuple("adaptive", "adaptive", kEnough), std::tuple("always", "always", kEnough),
          std::tuple("always, room for 64 k", "always", 1u << 16)}) {
      Series s = {.name = name, .points = {}};
      for (const uint32_t size : plan_.flow_sets)
        if (Result<void> r = add(s, size, many_flows(size, tracking, room ? room : kSlack * size));
            !r)
          return r;
      flows.series.push_back(std::move(s));
    }
    curves.push_back(std::move(flows));
    return {};
  }

 private:
  PacketCurves(const Plan& plan, std::unique_ptr<Session> session, const Progress& progress)
      : plan_(plan), session_(std::move(session)), progress_(progress) {}

  static Curve curve(const std::string& name, const std::string& x) {
    return {.name = name, .title = "A packet over " + name, .x = x, .y = kOfPacket, .series = {}};
  }

  Result<void> grow(const std::string& name, const std::string& x,
                    const std::vector<unsigned>& sizes, Scenario (*scenario)(unsigned),
                    std::vector<Curve>& curves) {
    Series s = {.name = "tcp4-ipip", .points = {}};
    for (const unsigned size : sizes)
      if (Result<void> r = add(s, size, scenario(size)); !r) return r;
    curves.push_back(curve(name, x));
    curves.back().series.push_back(std::move(s));
    return {};
  }

  Result<void> add(Series& series, double size, const Scenario& scenario) {
    progress_(fmt::format("scaling: {} {}", size, scenario.name));
    const auto failed = [&](const Error& e) {
      return Error{fmt::format("{} {}: {}", size, scenario.name, e.message)};
    };
    Result<Prepared> prepared = session_->prepare(scenario);
    if (!prepared) return failed(prepared.error());
    const Result<Figures> f = session_->measure(*prepared, scenario.orders.at(0), [](int) {});
    if (!f) return failed(f.error());
    if (f->unexpected) return failed(Error{fmt::format("{} unexpected answers", f->unexpected)});
    series.points.push_back({.x = size, .y = f->ns, .spread = f->iqr_ns, .noisy = f->noisy});
    return {};
  }

  const Plan& plan_;
  std::unique_ptr<Session> session_;
  const Progress& progress_;
};

// In bytes; 0 where the kernel does not say.
double memory_available() {
  std::ifstream lines("/proc/meminfo");
  double kib = 0;
  for (std::string word; lines >> word;)
    if (word == "MemAvailable:") lines >> kib;
  return kib * 1024;
}

// What bench-change says of so many services with 10 backends each: a JSON object a line.
Result<std::vector<nlohmann::json>> change_lines(const netns::Host& host, unsigned services,
                                                 int samples) {
  const Result<netns::Exit> exit =
      netns::run_program(host,
                         {beside_this_program("bench-change"), "-o", "json", "--services",
                          std::to_string(services), "--samples", std::to_string(samples)},
                         kChangePatience);
  if (!exit) return exit.error();
  if (exit->status != 0) return Error{"bench-change: " + exit->output};
  std::vector<nlohmann::json> lines;
  std::istringstream text(exit->output);
  for (std::string line; std::getline(text, line);)
    if (nlohmann::json j = nlohmann::json::parse(line, nullptr, false); j.is_object())
      lines.push_back(std::move(j));
  return lines;
}

Result<void> measure_changes_of_size(const Plan& plan, const Progress& progress,
                                     std::vector<Curve>& curves, std::vector<std::string>& notes) {
  const Result<std::unique_ptr<netns::Lab>> lab = netns::Lab::create();
  if (!lab) return lab.error();
  const Result<std::unique_ptr<netns::Host>> host = netns::Host::create(**lab, "change");
  if (!host) return host.error();
  constexpr const char* kChanges[] = {"first load", "one weight", "restart"};
  Curve times = {.name = "changes",
                 .title = "A change over services",
                 .x = "services of 10 backends",
                 .y = "milliseconds, from the file to the end of its publication",
                 .series = {}};
  for (const char* change : kChanges) times.series.push_back({.name = change, .points = {}});
  Curve memory = {.name = "memory",
                  .title = "Memory over services",
                  .x = "services of 10 backends",
                  .y = "MiB",
                  .series = {{.name = "tables", .points = {}}, {.name = "daemon", .points = {}}}};
  for (const unsigned services : plan.change_services) {
    if (services * kMemory > memory_available()) {
      notes.push_back(
          fmt::format("changes of {} services: not measured: for want of memory", services));
      continue;
    }
    progress(fmt::format("scaling: changes of {} services", services));
    const Result<std::vector<nlohmann::json>> lines =
        change_lines(**host, services, std::min(plan.samples, kChangeSamples));
    if (!lines) return lines.error();
    for (const nlohmann::json& line : *lines) {
      constexpr double kMiB = 1 << 20;
      for (Series& s : times.series)
        if (line.value("change", "") == s.name)
          s.points.push_back({.x = double(services), .y = line.at("total_ms")});
      if (!line.contains("table_bytes")) continue;
      memory.series[0].points.push_back(
          {.x = double(services), .y = line.at("table_bytes").get<double>() / kMiB});
      memory.series[1].points.push_back(
          {.x = double(services), .y = line.at("process_bytes").get<double>() / kMiB});
    }
  }
  curves.push_back(std::move(times));
  curves.push_back(std::move(memory));
  return {};
}

}  // namespace

Result<Scaling> measure_scaling(const Plan& plan, int cpu, const Progress& progress) {
  Scaling out;
  Result<Curve> cpus = measure_cpus(plan, progress);
  if (!cpus) return cpus.error();
  out.curves.push_back(std::move(*cpus));
  Result<void> done;
  std::thread([&] {
    done = stay_on(cpu);
    if (!done) return;
    Result<std::unique_ptr<PacketCurves>> packets = PacketCurves::open(plan, progress);
    done = packets ? (*packets)->run(out.curves) : Result<void>(packets.error());
  }).join();
  if (!done) return done.error();
  if (Result<void> r = measure_changes_of_size(plan, progress, out.curves, out.notes); !r)
    return r.error();
  return out;
}

}  // namespace sluice::bench
