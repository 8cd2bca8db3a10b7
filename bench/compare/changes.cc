// SPDX-License-Identifier: Apache-2.0
#include "compare/changes.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <optional>

#include "api/client.h"
#include "netns/generations.h"
#include "netns/product.h"

namespace sluice::bench {

namespace {

using netns::Clock;
using netns::Generation;
using netns::milliseconds;
using Progress = std::function<void(const std::string&)>;

constexpr milliseconds kMeasured(500);
constexpr double kShare = 0.5;       // of what the lab carries: changes need the machine, too
constexpr milliseconds kApart(100);  // ten a second
constexpr milliseconds kMargin(200);

// What is done under the stream, `times` times.
struct Doing {
  const char* name;
  const char* what;
  unsigned times = 0;
  milliseconds apart{0};  // from the beginning of one to that of the next, at least
  std::function<Result<void>()> once;
  bool exchanges = false;  // all backends, each time
};

// sluice in the standard lab, with a sink at every backend.
class Stage {
 public:
  static Result<std::unique_ptr<Stage>> set_up() {
    std::unique_ptr<Stage> stage(new Stage);
    Result<std::unique_ptr<netns::Lab>> lab = netns::Lab::create();
    if (!lab) return lab.error();
    stage->lab_ = std::move(*lab);
    const Result<netns::Programs> programs = netns::Programs::beside_this_program();
    if (!programs) return programs.error();
    Result<std::unique_ptr<netns::Topology>> topology =
        netns::Topology::create(*stage->lab_, {.backends = netns::kGenerationBackends});
    if (!topology) return topology.error();
    stage->topology_ = std::move(*topology);
    stage->product_.emplace(*stage->topology_, *programs, "bench");
    Result<std::unique_ptr<netns::NumberedSink>> sink = netns::NumberedSink::create();
    if (!sink) return sink.error();
    stage->sink_ = std::move(*sink);
    Result<netns::MarkGroups> groups = attach_sink(*stage->topology_, *stage->sink_);
    if (!groups) return groups.error();
    stage->groups_ = std::move(*groups);
    if (Result<void> r = stage->write(); !r) return r.error();
    if (Result<void> r = stage->product_->start_daemon(); !r) return r.error();
    return stage;
  }

  // Other backends, other tunnels, another address family.
  Result<void> exchange_backends() {
    shown_.generation = other(shown_.generation);
    return reload();
  }
  Result<void> replace_program() {
    shown_.range = !shown_.range;
    return reload();
  }
  Result<void> restart(int signal) {
    const Result<netns::Exit> exit =
        signal == SIGKILL ? product_->daemon().kill() : product_->daemon().stop();
    if (!exit) return exit.error();
    return product_->start_daemon();
  }

  // The packets a second that the lab carries while nothing changes.
  Result<double> capacity() {
    Result<std::unique_ptr<netns::NumberedSender>> sender = send_numbered(*topology_, *sink_, 0);
    if (!sender) return sender.error();
    netns::NumberedLedger ledger(**sender, *sink_, groups_);
    if (Result<void> r = netns::pause_for(kMeasured); !r) return r.error();
    (*sender)->stop();
    const double rate = (*sender)->rate();
    (void)ledger.close();
    return rate;
  }

  Result<Update> watch(const Doing& doing, double per_second) {
    Result<std::unique_ptr<netns::NumberedSender>> sender =
        send_numbered(*topology_, *sink_, unsigned(per_second));
    if (!sender) return sender.error();
    netns::NumberedLedger ledger(**sender, *sink_, groups_);
    const Clock::time_point began = Clock::now();
    if (Result<void> r = netns::pause_for(kMargin); !r) return r.error();
    const Result<double> busy = repeat(doing);
    if (!busy) return busy.error();
    if (Result<void> r = netns::pause_for(kMargin); !r) return r.error();
    (*sender)->stop();
    const std::chrono::duration<double> took = Clock::now() - began;
    const netns::NumberedReport report = ledger.close();
    return Update{.name = doing.name,
                  .what = doing.what,
                  .times = doing.times,
                  .seconds = took.count(),
                  .rate = (*sender)->rate(),
                  .sent = report.sent,
                  .lost = report.lost,
                  .duplicated = report.duplicated,
                  .misrouted = report.strays + report.moved,
                  .cuts = report.cuts.size(),
                  .cuts_due = doing.exchanges ? doing.times : 0,
                  .overrun = report.overrun,
                  .each_ms = *busy / std::max(1u, doing.times)};
  }

 private:
  Stage() = default;

  Result<void> write() {
    if (auto r = product_->write_config(generation_config(*topology_, shown_, {})); !r)
      return r.error();
    return {};
  }
  // Returns when what is shown is in force.
  Result<void> reload() {
    if (Result<void> r = write(); !r) return r;
    if (auto r = api::post(product_->socket_path(), "/v1/reload"); !r) return r.error();
    return {};
  }

  // Returns how many milliseconds were spent in it.
  static Result<double> repeat(const Doing& doing) {
    double busy = 0;
    for (unsigned i = 0; i < doing.times; i++) {
      const Clock::time_point start = Clock::now();
      if (doing.once)
        if (Result<void> r = doing.once(); !r)
          return Error{doing.name + (": " + r.error().message)};
      const Clock::time_point end = Clock::now();
      if (doing.once) busy += std::chrono::duration<double, std::milli>(end - start).count();
      const auto rest = std::chrono::ceil<milliseconds>(start + doing.apart - end);
      if (rest > milliseconds(0))
        if (Result<void> r = netns::pause_for(rest); !r) return r.error();
    }
    return busy;
  }

  // In the order of need: the last is gone first.
  std::unique_ptr<netns::Lab> lab_;
  std::unique_ptr<netns::Topology> topology_;
  std::optional<netns::Product> product_;
  std::unique_ptr<netns::NumberedSink> sink_;
  netns::MarkGroups groups_;
  netns::Shown shown_;
};

std::vector<Doing> doings(Stage& stage, const Plan& plan) {
  return {
      {.name = "none", .what = "nothing is done", .times = 10, .apart = kApart, .once = nullptr},
      {.name = "backends",
       .what = "all backends, their tunnels and their address family are others, 10 times a second",
       .times = plan.backend_changes,
       .apart = kApart,
       .once = [&stage] { return stage.exchange_backends(); },
       .exchanges = true},
      {.name = "program",
       .what = "another program, one after the other",
       .times = plan.replacements,
       .once = [&stage] { return stage.replace_program(); }},
      {.name = "restart",
       .what = "the daemon ends (SIGTERM) and starts again",
       .times = plan.restarts,
       .once = [&stage] { return stage.restart(SIGTERM); }},
      {.name = "kill",
       .what = "the daemon is killed and starts again",
       .times = plan.restarts,
       .once = [&stage] { return stage.restart(SIGKILL); }},
  };
}

}  // namespace

Result<std::vector<Update>> measure_changes(const Plan& plan, const Progress& progress) {
  progress("changes: setting up");
  Result<std::unique_ptr<Stage>> stage = Stage::set_up();
  if (!stage) return stage.error();
  const Result<double> capacity = (*stage)->capacity();
  if (!capacity) return capacity.error();
  std::vector<Update> out;
  for (const Doing& doing : doings(**stage, plan)) {
    progress(fmt::format("changes: {}", doing.what));
    Result<Update> update = (*stage)->watch(doing, *capacity * kShare);
    if (!update) return update.error();
    out.push_back(std::move(*update));
  }
  return out;
}

}  // namespace sluice::bench
