// SPDX-License-Identifier: Apache-2.0
// bench-loadgen: sends known packets, and says what became of each.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/progress.h"
#include "loadgen/options.h"
#include "loadgen/report.h"
#include "loadgen/run.h"
#include "loadgen/wire.h"

namespace sluice::loadgen {

namespace {

Requests requests;

void on_signal(int signo) {
  if (signo == SIGUSR1)
    requests.changes++;
  else
    requests.stop = true;
}

void catch_signals() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signo : {SIGINT, SIGTERM, SIGUSR1}) sigaction(signo, &action, nullptr);
}

// Lines as they come, and a line that is rewritten where somebody watches.
class Printer {
 public:
  explicit Printer(const Options& options)
      : options_(options), progress_(::isatty(STDERR_FILENO) && !::isatty(STDOUT_FILENO)) {}

  void second(const Interval& second) {
    if (!options_.json && second.second == 0) print(second_titles());
    print(options_.json ? to_json(second) : to_line(second));
    progress_.say(progress_of(second, double(second.second + 1), options_.seconds));
  }
  void total(const Total& total) {
    if (options_.json)
      print(to_json(total));
    else
      print("\n" + to_text(total, ::isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR")));
  }

 private:
  void print(const std::string& line) {
    progress_.clear();
    fmt::print("{}{}", line, line.ends_with('\n') ? "" : "\n");
    std::fflush(stdout);
  }

  const Options& options_;
  cli::Progress progress_;
};

Result<void> run_and_print(const Options& options) {
  Result<std::unique_ptr<Wire>> wire =
      Wire::open({.tx = options.tx, .rx = options.rx, .eal = options.eal});
  if (!wire) return wire.error();
  Printer printer(options);
  const Result<Total> total =
      run(options, **wire, requests, [&](const Interval& second) { printer.second(second); });
  if (!total) return total.error();
  printer.total(*total);
  return {};
}

int parse_and_run(int argc, char** argv) {
  OptionTexts texts;
  CLI::App app("Sends known packets through a balancer, and says what became of each.",
               "bench-loadgen");
  declare(app, texts);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const Result<Options> options = options_of(texts);
  if (!options) {
    fmt::print(stderr, "bench-loadgen: {}\n", options.error().message);
    return 2;
  }
  catch_signals();
  const Result<void> done = run_and_print(*options);
  if (done) return 0;
  fmt::print(stderr, "bench-loadgen: {}\n", done.error().message);
  return 1;
}

}  // namespace

}  // namespace sluice::loadgen

int main(int argc, char** argv) {
  return sluice::loadgen::parse_and_run(argc, argv);
}
