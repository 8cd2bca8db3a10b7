// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon.h"

#include <fmt/chrono.h>

#include <chrono>
#include <ctime>
#include <thread>

#include "base/log.h"
#include "config/reader.h"
#include "daemon/flow_list.h"
#include "daemon/lost_redirects.h"
#include "daemon/preview.h"
#include "daemon/report.h"
#include "daemon/report_flows.h"
#include "kernel/dispatcher_pins.h"
#include "network/redirect_targets.h"

namespace sluice {

namespace {

// How long a start waits for the kernel to find the neighbours, and how long a new configuration
// does.
constexpr std::chrono::milliseconds kFirstResolution(2000), kResolution(300), kLook(20);

std::string now_rfc3339() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace

Daemon::Daemon(EventLoop& loop, Options options, Controller controller, Ways ways, Netlink netlink)
    : loop_(loop),
      options_(std::move(options)),
      controller_(std::move(controller)),
      ways_(std::move(ways)),
      netlink_(std::move(netlink)),
      network_(loop, [this] { return follow_network(); }) {
}

Result<std::unique_ptr<Daemon>> Daemon::start(EventLoop& loop, const Options& options) {
  ConfigStore store = ConfigStore::open(options.state);
  const Result<Beginning> beginning = choose_beginning(options.config, store, std::time(nullptr));
  if (!beginning) return beginning.error();
  Result<Pins> pins = Pins::open(options.bpffs, options.instance);
  if (!pins) return pins.error();
  keep_dispatchers_on(options.bpffs);
  Result<Ways> ways = Ways::create();
  if (!ways) return ways.error();
  Result<Netlink> netlink = Netlink::open();
  if (!netlink) return netlink.error();

  std::unique_ptr<Daemon> d(new Daemon(loop, options, Controller(std::move(*pins)),
                                       std::move(*ways), std::move(*netlink)));
  d->config_ = beginning->config;
  d->last_error_ = beginning->error;
  if (Result<void> r = d->controller_.adopt(); !r) return r.error();
  d->desk_.emplace(loop, d->road(), options.config, std::move(store));
  if (Result<void> r = d->keep_health(); !r) return r.error();
  // The API first: a socket that cannot be had is found out before packets are affected.
  Result<api::Server> server = api::Server::listen(loop, options.socket, d->handlers());
  if (!server) return server.error();
  d->server_ = std::move(*server);
  if (Result<void> r = d->first_apply(); !r) return r.error();
  d->desk_->begin(*beginning);
  if (Result<void> r = d->watch(); !r) return r.error();
  if (Result<void> r = d->keep_flows(); !r) return r.error();
  return d;
}

// Waits a moment for next hops, because what serves already is about to be replaced: until they are
// known, their backends get no packets. What was missing before is not waited for again.
Result<void> Daemon::find_ways(const Config& config, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const std::map<IpAddress, std::string> given_up = ways_.missing();
  const Result<Ways::Renamed> renamed = renamed_of(config);
  if (!renamed) return renamed.error();
  for (;;) {
    if (Result<void> r = ways_.look_up(config, controller_.leaving(config), *renamed); !r) return r;
    if (ways_.complete_but_for(given_up) || std::chrono::steady_clock::now() >= deadline) return {};
    std::this_thread::sleep_for(kLook);
  }
}

Result<void> Daemon::refresh_ways(const Config& config) {
  const Result<Ways::Renamed> renamed = renamed_of(config);
  if (!renamed) return renamed.error();
  return ways_.refresh(config, controller_.leaving(config), *renamed);
}

Result<Ways::Renamed> Daemon::renamed_of(const Config& config) {
  const Result<std::vector<Link>> links = list_links(netlink_);
  if (!links) return links.error();
  Ways::Renamed renamed;
  for (const Interface& i : config.interfaces)
    if (const Link* l = controller_.attachments().link_of(i.name, *links); l && l->name != i.name)
      renamed.emplace(i.name, l->name);
  return renamed;
}

Result<void> Daemon::first_apply() {
  if (Result<void> r = find_ways(config_, kFirstResolution); !r) return r;
  return apply(Config(config_));
}

Result<void> Daemon::watch() {
  Result<Monitor> monitor = Monitor::create(loop_, [this](bool) { network_.changed(); });
  if (!monitor) return monitor.error();
  monitor_ = std::move(*monitor);
  Result<ConfigWatch> watch = ConfigWatch::create(loop_, options_.config, [this] {
    if (Result<void> r = reload(); !r) spdlog::error("{}", r.error().message);
  });
  if (!watch) return watch.error();
  config_watch_ = std::move(*watch);
  network_.follow();  // whatever happened between the first resolution and the watch
  return {};
}

// Rounds of the flow tables, and what time brings: windows that are over, slots that are clean.
Result<void> Daemon::keep_flows() {
  Result<std::unique_ptr<FlowKeeper>> keeper = FlowKeeper::start(
      loop_, controller_, [this] { return config_.drain; },
      [this] {
        if (Result<void> r = apply(Config(config_)); !r)
          spdlog::error("the slots of the rings stay as they are: {}", r.error().message);
      });
  if (!keeper) return keeper.error();
  flow_keeper_ = std::move(*keeper);
  return {};
}

// What was believed of backends before the daemon ended is believed on. What nothing is known of
// is taken for well where packets went to it already, and has to answer first where none did.
Result<void> Daemon::keep_health() {
  Result<std::unique_ptr<HealthKeeper>> health =
      HealthKeeper::start(loop_, options_.state, [this] { return apply(Config(config_)); });
  if (!health) return health.error();
  health_ = std::move(*health);
  const bool nothing_runs = controller_.live().generation == 0;
  health_->aim(config_, nothing_runs ? Config{} : config_, {});
  Result<std::unique_ptr<BackendDesk>> desk =
      BackendDesk::open(loop_, {config_, controller_, *health_, flow_keeper_});
  if (!desk) return desk.error();
  backends_ = std::move(*desk);
  return {};
}

Result<void> Daemon::apply(const Config& config) {
  return apply(config, health_->health().conditions);
}

Result<void> Daemon::apply(const Config& config, const Conditions& conditions) {
  Result<std::vector<Link>> links = list_links(netlink_);
  if (!links) return links.error();
  if (Result<void> r = controller_.apply(config, ways_.known(), *links, conditions); !r) return r;
  links_ = std::move(*links);
  if (!(config == config_) || loaded_at_.empty()) loaded_at_ = now_rfc3339();
  if (!(config == config_)) health_->aim(config, std::exchange(config_, config), conditions);
  health_->follow({controller_.live(), controller_.members_fd(), controller_.tables_number()});
  warn_of_lost();
  return {};
}

// Best effort: where the kernel does not tell, nothing is said.
std::map<std::string, std::string> Daemon::lost() const {
  const Result<std::set<uint32_t>> none = list_no_redirect_targets();
  if (!none) return {};
  return lost_redirects(config_.interfaces, controller_.attachments(), ways_.known(), *none);
}

// Once for as long as it is true.
void Daemon::warn_of_lost() {
  std::map<std::string, std::string> now = lost();
  for (const auto& [name, what] : now)
    if (const auto before = warned_of_.find(name);
        before == warned_of_.end() || before->second != what)
      spdlog::warn("{}: {}", name, what);
  warned_of_ = std::move(now);
}

Result<void> Daemon::reload() {
  const auto refuse = [&](const Error& e) {
    last_error_ = e.message;
    return Error{"the new configuration is refused, the old one serves on:\n" + e.message};
  };
  Result<std::string> text = read_config_text(options_.config);
  if (!text) return refuse(text.error());
  Result<Config> config = valid_config(*text, options_.config);
  if (!config) return refuse(config.error());
  if (Result<void> r = desk_->may_take(*text); !r) return refuse(r.error());
  const bool is_new = !(*config == config_);
  if (Result<void> r = put(*config); !r) return refuse(r.error());
  desk_->taken_from_file(*text);
  if (is_new) spdlog::info("{} is in force", options_.config);
  return {};
}

Result<api::ConfigDiff> Daemon::preview(const Config& config) {
  Result<std::vector<Link>> links = list_links(netlink_);
  if (!links) return links.error();
  const Conditions conditions = health_->health_of(config).conditions;
  return sluice::preview(config, {config_, controller_, ways_, *links, conditions});
}

Result<void> Daemon::put(const Config& config) {
  if (Result<void> r = find_ways(config, kResolution); !r) return r;
  if (Result<void> r = apply(config, health_->health_of(config).conditions); !r) {
    // Those of the configuration in force have been forgotten.
    (void)refresh_ways(config_);
    return r;
  }
  last_error_.clear();
  return {};
}

Road Daemon::road() {
  return {.preview = [this](const Config& config) { return preview(config); },
          .put = [this](const Config& config) { return put(config); },
          .generation = [this] { return controller_.live().generation; }};
}

// Routes, neighbours or interfaces may have changed.
Result<void> Daemon::follow_network() {
  if (Result<void> r = refresh_ways(config_); !r) return r;
  health_->forget_paths();
  if (Result<void> r = apply(Config(config_)); !r) return r;
  for (const auto& [name, why] : controller_.attachments().troubles()) return Error{why};
  return {};
}

Result<void> Daemon::unload() {
  monitor_.reset();
  network_.stop();
  config_watch_.reset();
  backends_.reset();
  flow_keeper_.reset();
  health_.reset();
  if (Result<void> r = controller_.unload(); !r) return r;
  spdlog::info("unloaded: the data plane is gone, packets pass to the kernel");
  loop_.stop();
  return {};
}

api::Handlers Daemon::handlers() {
  return {.status = [this] { return status(); },
          .services = [this] { return services(); },
          .service = [this](std::string_view name) { return service(name); },
          .flows = [this](const api::FlowQuery& query) { return flows(query); },
          .reload = [this] { return reload(); },
          .unload = [this] { return unload(); },
          .config = config_handlers(),
          .backends = backends_->handlers()};
}

api::ConfigHandlers Daemon::config_handlers() {
  using std::chrono::seconds;
  return {.diff = [this](std::string_view text) { return desk_->diff(text); },
          .apply = [this](std::string_view text,
                          seconds confirm) { return desk_->apply(text, confirm); },
          .confirm = [this] { return desk_->confirm(); },
          .rollback = [this](size_t number,
                             seconds confirm) { return desk_->rollback(number, confirm); },
          .history = [this] { return desk_->history(); },
          .show = [this](size_t number) { return desk_->show(number); }};
}

api::Status Daemon::status() const {
  const Counters counters = controller_.counters().value_or(Counters{});
  const Leaving leaving = controller_.leaving(config_);
  const Knowledge k = {config_, controller_, ways_, counters, leaving, links_};
  std::vector<api::PoolTrouble> pools;
  std::string checker;
  backends_->look([&](const HealthKnowledge& h) {
    pools = report_pools(h);
    checker = report_checker(h);
  });
  return {.version = SLUICE_VERSION,
          .instance = options_.instance,
          .generation = controller_.live().generation,
          .config_file = options_.config,
          .config_loaded_at = loaded_at_,
          .last_error = last_error_,
          .unconfirmed = desk_->seconds_left().has_value(),
          .confirm_in = desk_->seconds_left().value_or(0),
          .config_trouble = desk_->trouble(),
          .interfaces = report_interfaces(k, lost()),
          .counters = report_counters(k),
          .services = config_.services.size(),
          .members = controller_.live().members.size(),
          .unusable = report_unusable(k),
          .flows = flow_totals(),
          .overrides = report_overrides(health_->overrides(), config_, Moment::now()),
          .overrides_trouble = health_->overrides_trouble(),
          .pools_in_trouble = std::move(pools),
          .checker_trouble = std::move(checker)};
}

std::vector<api::Service> Daemon::services() const {
  const Counters counters = controller_.counters().value_or(Counters{});
  const Leaving leaving = controller_.leaving(config_);
  const Knowledge k = {config_, controller_, ways_, counters, leaving, links_};
  std::vector<api::Service> out;
  for (const Service& s : config_.services) out.push_back(report_service(k, s));
  return out;
}

std::optional<api::Service> Daemon::service(std::string_view name) const {
  const Counters counters = controller_.counters().value_or(Counters{});
  const Leaving leaving = controller_.leaving(config_);
  const Knowledge k = {config_, controller_, ways_, counters, leaving, links_};
  for (const Service& s : config_.services) {
    if (s.name != name) continue;
    api::Service out = report_service(k, s);
    backends_->look([&](const HealthKnowledge& h) { add_health(h, s.pool, out); });
    for (const ImageService& image : controller_.live().image.services)
      if (image.name == name) out.rings = report_rings(image, std::chrono::steady_clock::now());
    return out;
  }
  return std::nullopt;
}

api::Flows Daemon::flow_totals() const {
  const FlowTables* const tables = controller_.flow_tables();
  const FlowCapacity capacity = controller_.flow_capacity();
  if (!tables || !flow_keeper_ || capacity.fresh == 0) return {};
  api::Flows out = report_flows({.capacity = capacity,
                                 .last = flow_keeper_->last(),
                                 .evicted = flow_keeper_->evicted(),
                                 .events = controller_.flow_events().value_or(FlowEvents{}),
                                 .half_open = tables->half_open()});
  out.slots = report_slots(controller_.live().image);
  return out;
}

Result<std::optional<api::FlowList>> Daemon::flows(const api::FlowQuery& query) const {
  const Leaving leaving = controller_.leaving(config_);
  return list_flows(controller_.flow_tables(), {config_, controller_.live(), leaving}, query,
                    std::chrono::steady_clock::now());
}

}  // namespace sluice
