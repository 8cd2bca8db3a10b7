// SPDX-License-Identifier: Apache-2.0
// bench-run: sluice beside the floor and beside what the kernel has, in one run that anyone can
// repeat.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "base/log.h"
#include "cli/progress.h"
#include "compare/machine.h"
#include "compare/report.h"
#include "compare/run.h"

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;

struct Options {
  bool quick = false, list = false;
  std::vector<std::string> only, names;
  std::string directory, output = "table";
  int rounds = 0, cpu = -1;
  uint64_t packets = 0;

  bool json() const { return output == "json"; }
};

std::string date_as(const char* format) {
  const std::time_t now = std::time(nullptr);
  std::tm local = {};
  ::localtime_r(&now, &local);
  char text[64];
  return std::string(text, std::strftime(text, sizeof(text), format, &local));
}

// Beside the preset's directory this program is in: build/bench/DATE.
std::string default_directory() {
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  const fs::path build = program.parent_path().parent_path().parent_path();
  return build / "bench" / date_as("%Y-%m-%d-%H%M%S");
}

std::vector<std::string> names_of_contestants() {
  std::vector<std::string> names;
  for (const Summary& s : summaries()) names.push_back(s.name);
  return names;
}

Result<void> run(const Options& options) {
  const auto began = std::chrono::steady_clock::now();
  Plan plan = plan_of(options.quick, options.only);
  if (options.rounds) plan.rounds = options.rounds;
  if (options.packets) plan.packets = options.packets;
  Results results = {.date = date_as("%Y-%m-%d %H:%M"), .quick = options.quick};
  results.machine = this_machine();
  cli::Progress progress(::isatty(STDERR_FILENO));
  Result<void> done = run(plan, {.contestants = options.names, .cpu = options.cpu}, results,
                          [&](const std::string& line) { progress.say(line); });
  progress.clear();
  if (!done) return done;
  results.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const std::string directory = options.directory.empty() ? default_directory() : options.directory;
  if (Result<void> r = write_report(results, directory); !r) return r;
  if (options.json())
    fmt::print("{}\n", to_json(results));
  else
    fmt::print("{}\nThe report: {}/report.md\n",
               to_text(results, ::isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR")), directory);
  return {};
}

void declare(CLI::App& app, Options& options) {
  app.add_flag("--quick", options.quick, "some minutes instead of an hour");
  app.add_option("--only", options.only,
                 "these sections: cost, changes, latency, pressure, scaling")
      ->type_name("SECTION...")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(kSections), std::end(kSections)))
                  .description(""));
  app.add_option("--contestant", options.names, "only these in section cost (default: all)")
      ->type_name("NAME...")
      ->check(CLI::IsMember(names_of_contestants()).description(""));
  app.add_flag("--list", options.list, "who is compared; measures nothing");
  app.add_option("--directory", options.directory,
                 "where the report goes (default: build/bench/ and the date)")
      ->type_name("DIR");
  app.add_option("-o,--output", options.output, "how to print: table (default) or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}).description(""));
  app.add_option("--rounds", options.rounds, "of section cost, instead of the plan's")
      ->type_name("N")
      ->check(CLI::Range(1, 1000).description(""));
  app.add_option("--packets", options.packets, "of a sample of section cost, instead of the plan's")
      ->type_name("N")
      ->check(CLI::Range(1'000, 100'000'000).description(""));
  app.add_option("--cpu", options.cpu, "where packets are forwarded (default: the last one)")
      ->type_name("N")
      ->check(CLI::Range(0, CPU_SETSIZE - 1).description(""));
}

int parse_and_run(int argc, char** argv) {
  Options options;
  CLI::App app("Compares sluice with the floor and with what the kernel has.", "bench-run");
  declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (options.list) {
    for (const Summary& s : summaries()) fmt::print("{:<24}  {}\n", s.name, s.summary);
    return 0;
  }
  spdlog::set_level(spdlog::level::err);
  const Result<void> done = run(options);
  if (done) return 0;
  fmt::print(stderr, "bench-run: {}\n", done.error().message);
  return 1;
}

}  // namespace

}  // namespace sluice::bench

int main(int argc, char** argv) {
  return sluice::bench::parse_and_run(argc, argv);
}
