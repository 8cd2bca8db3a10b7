// SPDX-License-Identifier: Apache-2.0
#include "daemon/controller.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/log.h"
#include "kernel/publish.h"
#include "plan/warnings.h"

namespace sluice {

namespace {

uint32_t members_in_use(const Live& live) {
  uint32_t n = 0;
  for (const auto& [key, m] : live.members) n = std::max(n, m.index + 1);
  return n;
}

std::vector<MacAddress> macs_of(const Config& config, const std::vector<Link>& links) {
  std::set<MacAddress> macs;
  for (const Interface& i : config.interfaces)
    for (const Link& l : links)
      if (l.name == i.name && !l.mac.is_zero()) macs.insert(l.mac);
  return {macs.begin(), macs.end()};
}

// Of slots that change their state as time goes by, people need not hear.
bool is_news(const Image& before, const Plan& plan) {
  const auto same = [](const ImageService& a, const ImageService& b) {
    return a.name == b.name && a.frontends == b.frontends && a.members.size() == b.members.size();
  };
  const std::vector<ImageService>& now = plan.next.image.services;
  return !plan.moved.empty() || !plan.put_members.empty() ||
         !std::equal(now.begin(), now.end(), before.services.begin(), before.services.end(), same);
}

void log_change(const Image& before, const Plan& plan) {
  if (plan.empty()) return;
  for (const Moved& m : plan.moved)
    spdlog::info("service {}: {:.2f}% of its slots go to another backend", m.service,
                 m.share * 100);
  if (!plan.patch_macs.empty()) spdlog::info("{} next hops changed", plan.patch_macs.size());
  if (!plan.generation.empty())
    spdlog::log(is_news(before, plan) ? spdlog::level::info : spdlog::level::debug,
                "generation {} is live: {} services, {} members", plan.next.generation,
                plan.next.image.services.size(), plan.next.members.size());
}

}  // namespace

Result<void> Controller::apply(const Config& config, const NextHops& next_hops,
                               const std::vector<Link>& links) {
  History::Next next =
      history_.next(config, next_hops, macs_of(config, links), std::chrono::steady_clock::now());
  warn(config, next.image);
  const Make wanted = make_for(config, next.image, links);
  if (Result<void> r = check_image(wanted, next.image); !r) return r;
  Result<void> r = can_serve(wanted, next.image)
                       ? change_tables(config, std::move(next), links)
                       : replace_dataplane(config, wanted, std::move(next), links);
  if (!r) return r;
  return attachments_.remove_others(config.interfaces, pins_);
}

// Once for as long as it is true.
void Controller::warn(const Config& config, const Image& image) {
  std::vector<std::string> now = warnings_for(config, image);
  for (const std::string& w : now)
    if (std::find(warned_.begin(), warned_.end(), w) == warned_.end()) spdlog::warn("{}", w);
  warned_ = std::move(now);
}

bool Controller::can_serve(const Make& wanted, const Image& image) const {
  if (!dataplane_ || !serves(made_, wanted)) return false;
  Result<void> fits = check_fits(image, dataplane_->capacity());
  if (fits) fits = check_numbers(live(), image, dataplane_->capacity());
  if (!fits) spdlog::info("building larger tables: {}", fits.error().message);
  return fits.has_value();
}

Result<void> Controller::change_tables(const Config& config, History::Next next,
                                       const std::vector<Link>& links) {
  Result<Plan> plan = make_plan(live(), std::move(next.image), dataplane_->capacity());
  if (!plan) return plan.error();
  const Programs programs = dataplane_->programs();
  Result<void> r = attachments_.put(config.interfaces, links, programs, /*exchange=*/false,
                                    programs, pins_, [&] { return publish(*plan, *dataplane_); });
  if (!r) return r;
  // Members whose place is released now are read before anything can reuse it.
  if (plan->next.retired.size() != live().retired.size())
    if (Result<Counters> c = read(*dataplane_, live()); c)
      ledger_.retire_members(*c, live(), plan->next);
  go_live(std::move(*plan), config, std::move(next.leaving));
  return {};
}

Result<void> Controller::replace_dataplane(const Config& config, const Make& wanted,
                                           History::Next next, const std::vector<Link>& links) {
  // Both data planes count half-open flows in one place, so the pause is until the old one is gone.
  std::optional<RecordingPause> pause;
  if (flow_tables() && made_.flows != wanted.flows) pause.emplace(*flow_tables());
  Result<std::unique_ptr<LoadedDataplane>> fresh =
      make_dataplane(wanted, next.image, live(), dataplane_.get());
  if (!fresh) return fresh.error();
  Result<Plan> plan = make_first_plan(live(), std::move(next.image), (*fresh)->capacity());
  if (!plan) return plan.error();
  if (Result<void> p = publish(*plan, **fresh); !p) return p;

  const Programs old = dataplane_ ? dataplane_->programs() : Programs{};
  Result<void> r =
      attachments_.put(config.interfaces, links, (*fresh)->programs(), true, old, pins_);
  if (!r) return r;
  if (dataplane_)
    if (Result<Counters> c = read(*dataplane_, live()); c) ledger_.retire_all(*c, live());
  retire_flow_events(**fresh);
  pause.reset();
  dataplane_ = std::move(*fresh);
  tables_number_++;
  made_ = wanted;
  go_live(std::move(*plan), config, std::move(next.leaving));
  return {};
}

// From one data plane on the host to the next, their counters go on; a device has none.
void Controller::retire_flow_events(LoadedDataplane& next) {
  if (!dataplane_ || !dataplane_->flows() || next.flows()) return;
  if (Result<FlowEvents> e = dataplane_->flows()->events(); e) ledger_.retire_flow_events(*e);
}

void Controller::go_live(Plan plan, const Config& config, Leaving leaving) {
  log_change(live().image, plan);
  history_.go_live(std::move(plan), config, std::move(leaving), std::chrono::steady_clock::now());
}

Result<void> Controller::unload() {
  if (Result<void> r = attachments_.remove_all(pins_); !r) return r;
  return pins_.remove_directory();
}

Result<Counters> Controller::read(const LoadedDataplane& dataplane, const Live& live) const {
  return dataplane.counters(members_in_use(live));
}

Result<Counters> Controller::counters() const {
  if (!dataplane_) return Counters{};
  Result<Counters> now = read(*dataplane_, live());
  if (!now) return now;
  return ledger_.reasons(std::move(*now));
}

Result<FlowEvents> Controller::flow_events() const {
  const FlowTables* const tables = flow_tables();
  if (!tables) return ledger_.flow_events({});
  const Result<FlowEvents> now = tables->events();
  return now ? Result<FlowEvents>(ledger_.flow_events(*now)) : now;
}

FlowCapacity Controller::flow_capacity() const {
  if (!dataplane_ || dataplane_->capacity().flows == 0) return {};
  return sluice::flow_capacity(dataplane_->capacity());
}

}  // namespace sluice
