// SPDX-License-Identifier: Apache-2.0
#include "daemon/controller.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/log.h"
#include "daemon/adoption.h"
#include "daemon/change_log.h"
#include "daemon/saved_state.h"
#include "daemon/smoke.h"
#include "kernel/publish.h"
#include "plan/warnings.h"

namespace sluice {

namespace {

uint32_t members_in_use(const Live& live) {
  uint32_t n = 0;
  for (const auto& [key, m] : live.members) n = std::max(n, m.index + 1);
  return n;
}

Time now() {
  return std::chrono::steady_clock::now();
}

std::vector<MacAddress> macs_of(const Config& config, const std::vector<Link>& links,
                                const Attachments& attachments) {
  std::set<MacAddress> macs;
  for (const Interface& i : config.interfaces)
    if (const Link* l = attachments.link_of(i.name, links); l && !l->mac.is_zero())
      macs.insert(l->mac);
  return {macs.begin(), macs.end()};
}

}  // namespace

Result<void> Controller::adopt() {
  if (Result<void> r = attachments_.adopt(pins_); !r) return r;
  Result<std::optional<Adopted>> found = sluice::adopt(pins_);
  if (!found) return found.error();
  if (!*found) return {};
  Adopted& a = **found;
  made_ = std::move(a.made);
  // When exactly it was published, the one who did it had no time to say.
  a.past.published = now();
  history_ = History(std::move(a.past));
  ledger_ = std::move(a.ledger);
  earlier_flows_ = std::move(a.flows);
  if (!a.dataplane) {
    spdlog::info(
        "the tables that run are laid out in another way than this build's: others take their "
        "place, and go on with the flows of generation {}",
        live().generation);
    return {};
  }
  directory_ = a.number;
  state_ = PinnedState(pins_.tables_path(a.number));
  dataplane_ = std::move(a.dataplane);
  tables_number_++;
  programs_known_ = a.same_programs;
  spdlog::info("going on with generation {}, which runs: {} services, {} members",
               live().generation, live().image.services.size(), live().members.size());
  return {};
}

Result<void> Controller::apply(const Config& config, const NextHops& next_hops,
                               const std::vector<Link>& links, const Conditions& conditions) {
  History::Next next =
      history_.next(config, next_hops, macs_of(config, links, attachments_), now(), conditions);
  warn(config, next.image);
  const Make wanted = make_for(config, next.image, links);
  if (Result<void> r = check_image(wanted, next.image); !r) return r;
  Result<void> r = tables_fit(wanted, next.image)
                       ? change(config, wanted, std::move(next), links)
                       : replace_dataplane(config, wanted, std::move(next), links);
  if (!r) return r;
  if (r = attachments_.remove_others(config.interfaces, pins_); !r) return r;
  remove_old_tables();
  return {};
}

// Once for as long as it is true.
void Controller::warn(const Config& config, const Image& image) {
  std::vector<std::string> now = warnings_for(config, image);
  for (const std::string& w : now)
    if (std::find(warned_.begin(), warned_.end(), w) == warned_.end()) spdlog::warn("{}", w);
  warned_ = std::move(now);
}

// Why the running data plane's tables cannot be given `image`.
std::vector<std::string> Controller::why_other_tables(const Make& wanted,
                                                      const Image& image) const {
  if (!dataplane_) return {"there is none yet"};
  std::vector<std::string> why = why_not_tables(made_, wanted);
  if (why.empty() && !on_host(dataplane_.get())) why = why_not_programs(made_, wanted);
  if (!why.empty()) return why;
  Result<void> fits = check_fits(image, dataplane_->capacity());
  if (fits) fits = check_numbers(live(), image, dataplane_->capacity());
  if (!fits) why.push_back("larger tables: " + fits.error().message);
  return why;
}

bool Controller::tables_fit(const Make& wanted, const Image& image) const {
  const std::vector<std::string> why = why_other_tables(wanted, image);
  if (!why.empty() && dataplane_)
    spdlog::info("building a new data plane: {}", fmt::join(why, "; "));
  return why.empty();
}

Result<Preview> Controller::preview(const Config& config, const NextHops& next_hops,
                                    const std::vector<Link>& links,
                                    const Conditions& conditions) const {
  History history = history_;  // it remembers rings for the next time
  History::Next next =
      history.next(config, next_hops, macs_of(config, links, attachments_), now(), conditions);
  const Make wanted = make_for(config, next.image, links);
  if (Result<void> r = check_image(wanted, next.image); !r) return r.error();
  Preview out = {.plan = {},
                 .new_data_plane = why_other_tables(wanted, next.image),
                 .new_programs = {},
                 .warnings = warnings_for(config, next.image)};
  Result<Plan> plan =
      out.new_data_plane.empty()
          ? make_plan(live(), std::move(next.image), dataplane_->capacity())
          : make_first_plan(live(), next.image, capacity_of(wanted, next.image, live()));
  if (!plan) return plan.error();
  out.plan = std::move(*plan);
  if (out.new_data_plane.empty()) out.new_programs = why_not_programs(made_, wanted);
  return out;
}

// Programs learn what the new tables ask of them before those are in force, and forget what nobody
// asks for any more when they are.
Result<void> Controller::change(const Config& config, const Make& wanted, History::Next next,
                                const std::vector<Link>& links) {
  const Make both = make_for_both(made_, wanted);
  if (on_host(dataplane_.get()) && !(programs_known_ && serves(made_, both)))
    if (Result<void> r = change_programs(both); !r) return r;
  if (Result<void> r = change_tables(config, std::move(next), links); !r) return r;
  if (serves(made_, wanted)) return {};
  if (Result<void> r = change_programs(wanted); !r)
    spdlog::warn("the programs go on with features that nobody needs: {}", r.error().message);
  return {};
}

Result<void> Controller::change_tables(const Config& config, History::Next next,
                                       const std::vector<Link>& links) {
  Result<Plan> plan = make_plan(live(), std::move(next.image), dataplane_->capacity());
  if (!plan) return plan.error();
  Past past = history_.after(*plan, config, std::move(next.leaving), now());
  if (Result<void> r = publish_saved(*plan, past, config, links); !r) return r;

  const uint64_t ledger = ledger_.version();
  // Members whose place is released now are read before anything can reuse it.
  if (past.live.retired.size() != live().retired.size())
    if (Result<Counters> c = read(*dataplane_, live()); c)
      ledger_.retire_members(*c, live(), past.live);
  ledger_.begin_members(plan->put_members);
  log_change(live().image, *plan, past.live);
  const uint64_t before = live().generation;
  history_.go_live(std::move(past), now());
  if (before != live().generation) state_.remove(before);
  if (ledger != ledger_.version()) save_what_is_in_force();
  return {};
}

// The state first: whoever finds the generation finds what belongs to it.
Result<void> Controller::publish_saved(Plan& plan, const Past& past, const Config& config,
                                       const std::vector<Link>& links) {
  if (Result<void> r = state_.save(past.live.generation, state_of(past)); !r) return r;
  const Programs programs = dataplane_->programs();
  Result<void> r = attachments_.put(config.interfaces, links, programs, /*exchange=*/false,
                                    programs, pins_, [&] { return publish(plan, *dataplane_); });
  if (r) return r;
  if (past.live.generation != live().generation)
    state_.remove(past.live.generation);
  else
    save_what_is_in_force();
  return r;
}

// While links and pins have different programs, the state says that nobody knows which run.
// Interfaces are attached and detached with the tables, not here: the change may yet be refused.
Result<void> Controller::change_programs(const Make& make) {
  Dataplane& dataplane = *on_host(dataplane_.get());
  Result<Objects> objects = make_programs(make, dataplane);
  if (!objects) return objects.error();
  const Programs old = dataplane.programs();
  const Programs fresh = objects->programs();
  if (Result<void> r = try_programs(fresh, make); !r) return r;
  programs_known_ = false;
  if (Result<void> r = save(); !r) return r;
  Result<void> r = attachments_.exchange(
      fresh, old, [&] { return dataplane.take_programs(std::move(*objects)); });
  if (!r) return r;
  made_ = make;
  programs_known_ = true;
  spdlog::info("other programs run on the same tables");
  save_what_is_in_force();
  return {};
}

// Those that are pinned with the newest tables.
Result<PinnedPrograms> Controller::earlier_programs() const {
  const Result<std::vector<uint32_t>> numbers = pins_.tables();
  if (!numbers) return numbers.error();
  if (numbers->empty()) return PinnedPrograms{};
  return open_programs(pins_.tables_path(numbers->back()));
}

// Where flows are remembered that the next data plane goes on with; null: nowhere.
const Objects* Controller::flows_before() const {
  const Dataplane* const d = on_host(dataplane_.get());
  if (d) return &d->objects();
  return earlier_flows_ ? &*earlier_flows_ : nullptr;
}

Result<void> Controller::try_programs(const Programs& programs, const Make& make) {
  SmokeCounts counts;
  Result<void> r = smoke_test(programs, live(), hash_key_from_seed(make.seed), counts);
  ledger_.add_tests(counts);
  return r;
}

Result<void> Controller::replace_dataplane(const Config& config, const Make& wanted,
                                           History::Next next, const std::vector<Link>& links) {
  // Both data planes count half-open flows in one place, so the pause is until the old one is gone.
  std::optional<FlowTables> old_flows;
  std::optional<RecordingPause> pause;
  if (flows_before() && made_.flows != wanted.flows) {
    Result<FlowTables> tables = FlowTables::open(*flows_before());
    if (!tables) return tables.error();
    pause.emplace(old_flows.emplace(std::move(*tables)));
  }
  Result<std::unique_ptr<LoadedDataplane>> fresh =
      make_dataplane(wanted, next.image, live(), flows_before());
  if (!fresh) return fresh.error();
  Result<Plan> plan = make_first_plan(live(), std::move(next.image), (*fresh)->capacity());
  if (!plan) return plan.error();
  Past past = history_.after(*plan, config, std::move(next.leaving), now());
  // What is undone on an error is an earlier daemon's, where this one could not go on with it.
  const Result<PinnedPrograms> earlier = earlier_programs();
  if (!earlier) return earlier.error();
  const Programs old = dataplane_ ? dataplane_->programs() : earlier->get();
  PinnedState state;
  uint32_t directory = 0;
  SmokeCounts tests;
  if (Result<void> r = keep(**fresh, wanted, *plan, past, state, directory, tests); !r) return r;

  Result<void> r =
      attachments_.put(config.interfaces, links, (*fresh)->programs(), true, old, pins_);
  if (!r) {
    if (directory)
      if (Result<void> gone = pins_.remove_tables(directory); !gone)
        spdlog::error("{}", gone.error().message);
    return r;
  }
  if (dataplane_) {
    if (Result<Counters> c = read(*dataplane_, live()); c) ledger_.retire_all(*c, live());
    retire_flow_events(**fresh);
  }
  pause.reset();
  ledger_.forget_tests();
  ledger_.add_tests(tests);
  dataplane_ = std::move(*fresh);
  earlier_flows_.reset();
  tables_number_++;
  made_ = wanted;
  programs_known_ = true;
  directory_ = directory;
  state_ = std::move(state);
  log_change(live().image, *plan, past.live);
  history_.go_live(std::move(past), now());
  save_what_is_in_force();
  return {};
}

// Fills a new data plane, among the pins of the instance if it can be there. Its directory has a
// number, 1 or more, when all of it is in place.
Result<void> Controller::keep(LoadedDataplane& fresh, const Make& make, const Plan& plan,
                              const Past& past, PinnedState& state, uint32_t& directory,
                              SmokeCounts& tests) const {
  Dataplane* const d = on_host(&fresh);
  if (!d) return publish(plan, fresh);
  const Result<std::vector<uint32_t>> numbers = pins_.tables();
  if (!numbers) return numbers.error();
  const Result<std::string> unfinished = pins_.make_tables();
  if (!unfinished) return unfinished.error();
  state = PinnedState(*unfinished);
  Result<void> r = d->pin(*unfinished);
  if (r) r = publish(plan, fresh);
  if (r) r = smoke_test(d->programs(), past.live, hash_key_from_seed(make.seed), tests);
  if (r)
    r = state.save(past.live.generation,
                   write_state(make, d->capacity(), past, ledger_.sums(), our_layout()));
  const uint32_t number = numbers->empty() ? 1 : numbers->back() + 1;
  if (r) r = pins_.finish_tables(number);
  if (!r) {
    if (Result<void> gone = pins_.remove_unfinished(); !gone)
      spdlog::error("{}", gone.error().message);
    return r;
  }
  d->moved(pins_.tables_path(number));
  state.moved(pins_.tables_path(number));
  directory = number;
  return {};
}

std::vector<uint8_t> Controller::state_of(const Past& past) const {
  Layout layout = our_layout();
  if (!programs_known_)
    for (auto& [hook, digest] : layout.programs) digest.clear();
  return write_state(made_, dataplane_->capacity(), past, ledger_.sums(), layout);
}

Result<void> Controller::save() {
  if (!state_.is_kept()) return {};
  return state_.save(live().generation, state_of(history_.past()));
}

// After a change: it is in force, whatever becomes of this. What was saved before it is right but
// for counters, or makes the next daemon exchange programs once more.
void Controller::save_what_is_in_force() {
  if (Result<void> r = save(); !r) spdlog::warn("{}", r.error().message);
}

// Those of data planes that were replaced; nothing runs on them any more.
void Controller::remove_old_tables() {
  const Result<std::vector<uint32_t>> numbers = pins_.tables();
  if (!numbers) return spdlog::warn("{}", numbers.error().message);
  for (const uint32_t number : *numbers)
    if (number != directory_)
      if (Result<void> r = pins_.remove_tables(number); !r) spdlog::warn("{}", r.error().message);
}

// From one data plane on the host to the next, their counters go on; a device has none.
void Controller::retire_flow_events(LoadedDataplane& next) {
  if (!flow_tables() || next.flows()) return;
  if (Result<FlowEvents> e = flow_tables()->events(); e) ledger_.retire_flow_events(*e);
}

Result<void> Controller::unload() {
  if (Result<void> r = attachments_.remove_all(pins_); !r) return r;
  directory_ = 0;
  remove_old_tables();
  // What somebody else has put there stays, and is no reason to go on running.
  if (Result<void> r = pins_.remove_directory(); !r) spdlog::warn("{}", r.error().message);
  return {};
}

Result<Counters> Controller::read(const LoadedDataplane& dataplane, const Live& live) const {
  Result<Counters> now = dataplane.counters(members_in_use(live));
  if (now) ledger_.leave_out_tests(*now);
  return now;
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

int Controller::members_fd() const {
  const Dataplane* const d = on_host(dataplane_.get());
  return d ? d->members_fd() : -1;
}

FlowCapacity Controller::flow_capacity() const {
  if (!dataplane_ || dataplane_->capacity().flows == 0) return {};
  return sluice::flow_capacity(dataplane_->capacity());
}

}  // namespace sluice
