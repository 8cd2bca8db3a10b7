// SPDX-License-Identifier: Apache-2.0
// bench-program: what a packet costs the data plane.
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "cli/progress.h"
#include "program/cpu.h"
#include "program/report.h"

namespace sluice::bench {

namespace {

constexpr int kQuickSamples = 3;

struct Options {
  Settings settings;
  std::vector<std::string> names;  // of scenarios; empty: all
  bool quick = false, list = false;
  std::string output = "table";
  int cpu = -1;  // -1: the last one we may use

  bool json() const { return output == "json"; }
};

void print_list() {
  for (const Scenario& s : scenarios()) {
    std::string orders;
    for (const Order& o : s.orders)
      orders += fmt::format(
          " {}", o.kind == OrderKind::kFlows ? std::to_string(o.flows) : to_string(o.kind));
    fmt::print("{:<20}  {} ({})\n", s.name, s.summary, orders.substr(1));
  }
}

bool is_wanted(const Options& options, const Scenario& s) {
  return options.names.empty() || std::ranges::find(options.names, s.name) != options.names.end();
}

// Prints lines as they come where JSON is wanted, and gathers everything for the tables.
class Benchmark {
 public:
  Benchmark(const Options& options, Session& session)
      : options_(options), session_(session), progress_(::isatty(STDERR_FILENO)) {}

  Result<void> run() {
    for (const Scenario& s : scenarios())
      if (is_wanted(options_, s))
        if (Result<void> r = run(s); !r) return Error{s.name + ": " + r.error().message};
    progress_.clear();
    if (!options_.json())
      fmt::print("{}", to_tables(measured_, sized_, session_.has_hardware(),
                                 ::isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR")));
    return {};
  }

 private:
  Result<void> run(const Scenario& scenario) {
    Result<Prepared> prepared = session_.prepare(scenario);
    if (!prepared) return prepared.error();
    for (const Order& order : scenario.orders) {
      const Result<Figures> figures = session_.measure(*prepared, order, [&](int done) {
        progress_.say(fmt::format("{}, {}: {} of {} samples", scenario.name, to_string(order.kind),
                                  done, options_.settings.samples));
      });
      if (!figures) return figures.error();
      measured_.push_back({&scenario, order, *figures});
      if (options_.json()) print_line(to_json(measured_.back(), session_.has_hardware()));
    }
    if (scenario.program != Program::kShipped) return {};
    sized_.push_back({&scenario, prepared->size});
    if (options_.json()) print_line(to_json(sized_.back()));
    return {};
  }

  void print_line(const std::string& line) {
    progress_.clear();
    fmt::print("{}\n", line);
    std::fflush(stdout);
  }

  const Options& options_;
  Session& session_;
  cli::Progress progress_;
  std::vector<Measured> measured_;
  std::vector<Sized> sized_;
};

Result<void> run(const Options& options) {
  const Result<int> cpu = options.cpu < 0 ? last_cpu() : options.cpu;
  if (!cpu) return cpu.error();
  if (Result<void> r = stay_on(*cpu); !r) return r;
  Result<std::unique_ptr<Session>> session = Session::open(options.settings);
  if (!session) return session.error();
  if (!(*session)->has_hardware())
    fmt::print(
        stderr,
        "bench-program: note: no hardware counters ({}): times only, whose ratios say less\n",
        (*session)->why_no_hardware());
  return Benchmark(options, **session).run();
}

void declare(CLI::App& app, Options& options) {
  std::vector<std::string> names;
  for (const Scenario& s : scenarios()) names.push_back(s.name);
  app.add_option("--scenario", options.names, "only these (default: all)")
      ->type_name("NAME...")
      ->check(CLI::IsMember(names).description(""));
  app.add_option("-o,--output", options.output, "how to print: table (default) or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}).description(""));
  app.add_option("--samples", options.settings.samples, "of which the median counts (default 9)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000).description(""));
  app.add_flag("--quick", options.quick, "3 samples");
  app.add_option("--attempts", options.settings.attempts,
                 "how often a sample that was disturbed is taken at most (default 12)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000).description(""));
  app.add_option("--repeats", options.settings.repeats, "packets in a sample (default 262144)")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000'000).description(""));
  app.add_option("--cpu", options.cpu, "where to run (default: the last one)")
      ->type_name("N")
      ->check(CLI::Range(0, CPU_SETSIZE - 1).description(""));
  app.add_flag("--list", options.list, "the scenarios and their orders; measures nothing");
}

int parse_and_run(int argc, char** argv) {
  Options options;
  CLI::App app("Measures what a packet costs the data plane, net of the harness.", "bench-program");
  declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (options.list) {
    print_list();
    return 0;
  }
  if (options.quick) options.settings.samples = kQuickSamples;
  options.settings.calibration = std::min(options.settings.calibration, options.settings.repeats);
  const Result<void> done = run(options);
  if (done) return 0;
  fmt::print(stderr, "bench-program: {}\n", done.error().message);
  return 1;
}

}  // namespace

}  // namespace sluice::bench

int main(int argc, char** argv) {
  return sluice::bench::parse_and_run(argc, argv);
}
