// SPDX-License-Identifier: Apache-2.0
#include "compare/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "compare/doing.h"
#include "netns/generations.h"
#include "netns/product.h"

namespace sluice::bench {

namespace {

using netns::Clock;
using netns::milliseconds;
using Progress = std::function<void(const std::string&)>;

constexpr milliseconds kMeasured(500);
constexpr double kShare = 0.5;  // of what the lab carries: changes need the machine, too
constexpr milliseconds kMargin(200);

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
    if (auto r = stage->product_->write_config(stage->config()); !r) return r.error();
    if (Result<void> r = stage->product_->start_daemon(); !r) return r.error();
    return stage;
  }

  // What can be done to it; it must not move meanwhile.
  Subject subject() {
    return {.sluice = &*product_,
            .backends = "all backends, their tunnels and their address family",
            .with_other_backends =
                [this] {
                  shown_.generation = other(shown_.generation);
                  return config();
                },
            .with_other_program =
                [this] {
                  shown_.range = !shown_.range;
                  return config();
                }};
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

  // `exchanges`: all backends, each time.
  Result<Update> watch(const Doing& doing, bool exchanges, double per_second) {
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
                  .cuts_due = exchanges ? doing.times : 0,
                  .overrun = report.overrun,
                  .each_ms = *busy / std::max(1u, doing.times)};
  }

 private:
  Stage() = default;

  std::string config() { return generation_config(*topology_, shown_, {}); }

  // In the order of need: the last is gone first.
  std::unique_ptr<netns::Lab> lab_;
  std::unique_ptr<netns::Topology> topology_;
  std::optional<netns::Product> product_;
  std::unique_ptr<netns::NumberedSink> sink_;
  netns::MarkGroups groups_;
  netns::Shown shown_;
};

}  // namespace

Result<std::vector<Update>> measure_changes(const Plan& plan, const Progress& progress) {
  progress("changes: setting up");
  Result<std::unique_ptr<Stage>> stage = Stage::set_up();
  if (!stage) return stage.error();
  const Result<double> capacity = (*stage)->capacity();
  if (!capacity) return capacity.error();
  std::vector<Update> out;
  for (const Change change : kChanges) {
    const Doing doing = doing_of(change, plan, (*stage)->subject());
    progress(fmt::format("changes: {}", doing.what));
    Result<Update> update = (*stage)->watch(doing, change == Change::kBackends, *capacity * kShare);
    if (!update) return update.error();
    out.push_back(std::move(*update));
  }
  return out;
}

}  // namespace sluice::bench
