// SPDX-License-Identifier: Apache-2.0
// bench-change: how long a change of a large configuration takes, and what memory it needs.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <functional>

#include "base/log.h"
#include "change/report.h"
#include "cli/progress.h"
#include "netns/link.h"

namespace sluice::bench {

namespace {

constexpr char kInterface[] = "bal0";
// How often what takes seconds is done, whatever is asked for.
constexpr int kFewSamples = 4;

struct Options {
  Scale scale;
  int samples = 10;
  std::string output = "table";

  bool json() const { return output == "json"; }
};

// A balancer, and the router that leads to all its backends.
struct Network {
  std::unique_ptr<netns::Lab> lab;
  std::unique_ptr<netns::Host> balancer, router;
  std::unique_ptr<netns::Link> link;
};

Result<Network> make_network() {
  Network n;
  Result<std::unique_ptr<netns::Lab>> lab = netns::Lab::create();
  if (!lab) return lab.error();
  n.lab = std::move(*lab);
  for (auto [host, name] : {std::pair(&n.balancer, "balancer"), std::pair(&n.router, "router")}) {
    Result<std::unique_ptr<netns::Host>> made = netns::Host::create(*n.lab, name);
    if (!made) return made.error();
    *host = std::move(*made);
  }
  Result<std::unique_ptr<netns::Link>> link = netns::Link::connect(
      {.host = n.balancer.get(), .device = kInterface, .addresses = {"192.0.2.1/24"}},
      {.host = n.router.get(), .device = "rtr0", .addresses = {"192.0.2.2/24"}}, {});
  if (!link) return link.error();
  n.link = std::move(*link);
  if (Result<void> r = n.balancer->netlink().add_route(kBackends, "192.0.2.2"); !r)
    return r.error();
  return n;
}

class Benchmark {
 public:
  Benchmark(const Options& options, Road& road)
      : options_(options), road_(road), progress_(::isatty(STDERR_FILENO)) {}

  Result<void> run() {
    if (Result<void> r = measure_loads(); !r) return r;
    const int few = std::min(options_.samples, kFewSamples);
    for (const auto& [name, edit, samples] :
         {std::tuple("one weight", Edit::kWeight, options_.samples),
          std::tuple("one drained", Edit::kDrained, options_.samples),
          std::tuple("one gone", Edit::kGone, options_.samples),
          std::tuple("nothing", Edit::kNone, options_.samples),
          std::tuple("every service", Edit::kEveryWeight, few)})
      if (Result<void> r = measure_edit(name, edit, samples); !r) return r;
    if (Result<void> r =
            measure("restart", few, [&](int) { return road_.restart(text(Edit::kNone)); });
        !r)
      return r;
    memory_.most = memory_now().most;
    progress_.clear();
    if (options_.json())
      fmt::print("{}\n", to_json(memory_, options_.scale));
    else
      fmt::print("{}\n{}", to_table(measured_, ::isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR")),
                 to_text(memory_));
    return {};
  }

 private:
  std::string text(Edit edit) const { return yaml_of(options_.scale, edit, kInterface); }

  Result<void> measure(const std::string& name, int samples,
                       const std::function<Result<Parts>(int)>& change) {
    MeasuredChange m = {name, {}};
    for (int i = 0; i < samples; i++) {
      progress_.say(fmt::format("{}: {} of {}", name, i, samples));
      Result<Parts> parts = change(i);
      if (!parts) return Error{name + ": " + parts.error().message};
      m.samples.push_back(*parts);
    }
    if (options_.json()) {
      progress_.clear();
      fmt::print("{}\n", to_json(m, options_.scale));
    }
    measured_.push_back(std::move(m));
    return {};
  }

  Result<void> measure_loads() {
    const std::string base = text(Edit::kNone);
    return measure("first load", std::min(options_.samples, kFewSamples),
                   [&](int i) -> Result<Parts> {
                     if (i != 0)
                       if (Result<void> r = road_.unload(); !r) return r.error();
                     Result<Parts> parts = road_.change(base);
                     if (i != 0 || !parts) return parts;
                     memory_ = memory_now();
                     const Result<uint64_t> tables = road_.table_bytes();
                     if (!tables) return tables.error();
                     memory_.tables = *tables;
                     return parts;
                   });
  }

  // There and back, in turn.
  Result<void> measure_edit(const std::string& name, Edit edit, int samples) {
    const std::string texts[] = {text(edit), text(Edit::kNone)};
    return measure(name, samples + samples % 2, [&](int i) { return road_.change(texts[i % 2]); });
  }

  const Options& options_;
  Road& road_;
  cli::Progress progress_;
  std::vector<MeasuredChange> measured_;
  Memory memory_;
};

Result<void> run(const Options& options) {
  Result<Network> network = make_network();
  if (!network) return network.error();
  if (Result<void> r = network->balancer->enter(); !r) return r;
  Result<std::unique_ptr<Road>> road = Road::open(network->lab->bpffs());
  if (!road) return road.error();
  return Benchmark(options, **road).run();
}

int parse_and_run(int argc, char** argv) {
  Options options;
  CLI::App app("Measures how long changes of a large configuration take.", "bench-change");
  app.add_option("--services", options.scale.services, "how many (default 1000)")
      ->type_name("N")
      ->check(CLI::Range(1u, kMostServices).description(""));
  app.add_option("--backends", options.scale.backends, "how many each service has (default 10)")
      ->type_name("N")
      ->check(CLI::Range(2u, kMostBackends).description(""));
  app.add_option("--samples", options.samples, "of which the median counts (default 10)")
      ->type_name("N")
      ->check(CLI::Range(1, 10000).description(""));
  app.add_option("-o,--output", options.output, "how to print: table (default) or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}).description(""));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  spdlog::set_level(spdlog::level::err);
  const Result<void> done = run(options);
  if (done) return 0;
  fmt::print(stderr, "bench-change: {}\n", done.error().message);
  return 1;
}

}  // namespace

}  // namespace sluice::bench

int main(int argc, char** argv) {
  return sluice::bench::parse_and_run(argc, argv);
}
