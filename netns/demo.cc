// SPDX-License-Identifier: Apache-2.0
// netns-demo: sluice balances in a lab of namespaces, and is changed while it does.
#include <fmt/format.h>
#include <sys/poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "netns/product.h"
#include "netns/report.h"
#include "netns/wait.h"

namespace sluice::netns {
namespace {

constexpr milliseconds kQuiet{500};   // traffic before the change
constexpr milliseconds kGrace{1000};  // what the change may take until it counts
constexpr milliseconds kAfter{1500};  // traffic measured after that

const Weights kBefore = {{"be1", 100}, {"be2", 100}, {"be3", 200}};
const Weights kAfterwards = {{"be1", 300}, {"be2", 100}};  // be3 leaves, be1 gets more

struct Options {
  size_t requests = 300;
  unsigned rate = 200;
  bool keep = false;
};

// The demo, step by step; what is wrong with the product is collected, what keeps the demo from
// going on is an Error.
class Demo {
 public:
  Demo(const Options& options, Report& report) : options_(options), report_(report) {}

  Result<void> run();
  Result<void> wait_for_leave();
  Result<void> remove();
  const std::vector<std::string>& problems() const { return problems_; }
  bool stands() const { return topology_ != nullptr; }

 private:
  Result<void> build();
  Result<void> start_product();
  Result<void> balance();
  Result<void> change();
  Result<void> show_status();
  void judge(const Tally& tally, const Weights& weights);
  void tell_change(const std::vector<Answer>& all, Clock::time_point changed);
  std::vector<std::string> urls() const { return {url(kVip4), url(kVip6)}; }

  const Options options_;
  Report& report_;
  std::vector<std::string> problems_;
  // In the order of need: the last is gone first.
  std::unique_ptr<Lab> lab_;
  std::unique_ptr<Topology> topology_;
  std::unique_ptr<Product> product_;
};

Result<void> Demo::run() {
  if (Result<void> r = build(); !r) return r;
  if (Result<void> r = start_product(); !r) return r;
  if (Result<void> r = balance(); !r) return r;
  if (Result<void> r = change(); !r) return r;
  return show_status();
}

Result<void> Demo::build() {
  Result<Programs> programs = Programs::beside_this_program();
  if (!programs) return programs.error();
  const Clock::time_point start = Clock::now();
  Result<std::unique_ptr<Lab>> lab = Lab::create(/*named=*/options_.keep);
  if (!lab) return lab.error();
  lab_ = std::move(*lab);
  Result<std::unique_ptr<Topology>> topology = Topology::create(*lab_);
  if (!topology) return topology.error();
  topology_ = std::move(*topology);
  product_ = std::make_unique<Product>(*topology_, *programs, "demo");
  const auto took = std::chrono::ceil<milliseconds>(Clock::now() - start);
  report_.heading("A lab of network namespaces");
  report_.picture(*topology_);
  report_.line(fmt::format("{} hosts stand after {} ms.", topology_->hosts().size(), took.count()));
  return {};
}

Result<void> Demo::start_product() {
  const std::string text = config_text(*topology_, {.weights = kBefore});
  report_.heading("sluice.yaml");
  report_.quote(text);
  Result<Clock::time_point> written = product_->write_config(text);
  if (!written) return written.error();
  if (Result<void> r = product_->start_agents(); !r) return r;
  const Clock::time_point start = Clock::now();
  if (Result<void> r = product_->start_daemon(); !r) return r;
  const auto took = std::chrono::ceil<milliseconds>(Clock::now() - start);
  report_.line(fmt::format("sluiced balances after {} ms.", took.count()));
  return {};
}

Result<void> Demo::balance() {
  report_.heading(fmt::format("{} requests, a new connection each, every other one over IPv6",
                              options_.requests));
  Result<std::vector<Answer>> answers = fetch(topology_->client(), urls(), options_.requests);
  if (!answers) return answers.error();
  const Tally all = tally(*answers);
  report_.shares(all, kBefore);
  judge(all, kBefore);
  report_.line(fmt::format("{} answered, {} failed; the slowest took {} ms.", all.answers(),
                           all.failures(), all.slowest.count()));
  if (all.answers() == 0) return Error{"there is nothing to change when nobody answers"};
  return {};
}

Result<void> Demo::change() {
  report_.heading("be3 leaves the file and be1 gets weight 300, while requests go on");
  Result<std::unique_ptr<Traffic>> traffic =
      Traffic::start(topology_->client(), urls(), options_.rate);
  if (!traffic) return traffic.error();
  if (Result<void> r = pause_for(kQuiet); !r) return r;
  Result<Clock::time_point> changed =
      product_->write_config(config_text(*topology_, {.weights = kAfterwards}));
  if (!changed) return changed.error();
  if (Result<void> r = pause_for(kGrace + kAfter); !r) return r;
  tell_change((*traffic)->stop(), *changed);
  return {};
}

void Demo::tell_change(const std::vector<Answer>& all, Clock::time_point changed) {
  const Tally whole = tally(all);
  const Tally later =
      tally(select(all, [&](const Answer& a) { return a.sent > changed + kGrace; }));
  report_.shares(later, kAfterwards);
  judge(later, kAfterwards);
  for (const auto& [reason, count] : whole.failed)
    problems_.push_back(fmt::format("{} failed during the change: {}", count, reason));
  const auto last =
      std::find_if(all.rbegin(), all.rend(), [](const Answer& a) { return a.backend == "be3"; });
  report_.line(fmt::format("The table is of {} requests, begun a second or more after the change.",
                           later.asked));
  report_.line(fmt::format("{} requests in all, {} failed; the slowest took {} ms.", whole.asked,
                           whole.failures(), whole.slowest.count()));
  if (last != all.rend() && last->sent > changed)
    report_.line(fmt::format("be3 got its last request {} ms after the file was replaced.",
                             std::chrono::ceil<milliseconds>(last->sent - changed).count()));
}

void Demo::judge(const Tally& tally, const Weights& weights) {
  for (const auto& [reason, count] : tally.failed)
    problems_.push_back(fmt::format("{} requests failed: {}", count, reason));
  if (const std::string why = objection(tally, weights); !why.empty()) problems_.push_back(why);
}

Result<void> Demo::show_status() {
  report_.heading("sluicectl status");
  Result<Exit> exit = product_->ctl({"status"});
  if (!exit) return exit.error();
  report_.quote(exit->output);
  if (exit->status != 0)
    problems_.push_back(fmt::format("sluicectl status ended with {}", exit->status));
  return {};
}

Result<void> Demo::wait_for_leave() {
  report_.heading("The lab stays up. From another terminal, as root:");
  for (Host* host : topology_->hosts())
    report_.line(fmt::format("nsenter -t {} --mount --net={}", getpid(), host->path()));
  report_.line(fmt::format("sluicectl --socket {} status", product_->socket_path()));
  report_.line(fmt::format("Logs and sluice.yaml are in {}.", lab_->directory()));
  const bool terminal = isatty(STDIN_FILENO);
  report_.line(terminal ? "Enter or Ctrl-C removes it." : "SIGINT or SIGTERM removes it.");
  const Clock::time_point never = Clock::now() + std::chrono::hours(24 * 365);
  (void)wait_readable(terminal ? STDIN_FILENO : -1, -1, never);  // a signal is an answer too
  return {};
}

Result<void> Demo::remove() {
  const Clock::time_point start = Clock::now();
  Result<void> result;
  if (product_ && product_->started() && !interrupted()) {
    Result<Exit> exit = product_->unload();
    if (!exit)
      result = exit.error();
    else if (exit->status != 0)
      result = Error{"sluicectl unload failed:\n" + exit->output};
  }
  const bool stood = stands();
  product_.reset();
  topology_.reset();
  lab_.reset();
  const auto took = std::chrono::ceil<milliseconds>(Clock::now() - start);
  if (stood) report_.line(fmt::format("Everything is removed, in {} ms.", took.count()));
  return result;
}

int run_demo(const Options& options) {
  Report report;
  end_waits_on_signals();
  Demo demo(options, report);
  std::vector<std::string> problems;
  if (Result<void> r = demo.run(); !r) problems.push_back(r.error().message);
  const int signo = interrupted();  // one that comes later only ends the wait
  if (options.keep && demo.stands() && !signo) (void)demo.wait_for_leave();
  report.heading("Result");
  if (Result<void> r = demo.remove(); !r) problems.push_back(r.error().message);
  problems.insert(problems.begin(), demo.problems().begin(), demo.problems().end());
  for (const std::string& problem : problems) report.bad("FAILED: " + problem);
  if (!problems.empty()) return signo ? 128 + signo : 1;
  report.good("Every request was answered, by the backends and in the shares the file asks for.");
  return 0;
}

}  // namespace
}  // namespace sluice::netns

int main(int argc, char** argv) {
  sluice::netns::Options options;
  CLI::App app(
      "Builds a lab of network namespaces with a client, a router, a balancer and three backends, "
      "runs sluice in it, changes its configuration under traffic and removes everything.\n"
      "Exit status 0: every request was answered as the configuration asks.");
  app.add_option("--requests", options.requests, "requests before the change")
      ->check(CLI::Range(30, 1'000'000))
      ->capture_default_str();
  app.add_option("--rate", options.rate,
                 "requests a second during the change; 0: the next as soon as one is answered")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  app.add_flag("--keep", options.keep,
               "leave the lab up until Enter or Ctrl-C, and say how to enter");
  CLI11_PARSE(app, argc, argv);
  return sluice::netns::run_demo(options);
}
