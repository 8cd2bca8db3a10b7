// SPDX-License-Identifier: Apache-2.0
#include "daemon/backend_desk.h"

#include <algorithm>

#include "base/log.h"
#include "daemon/leftovers.h"

namespace sluice {

namespace {

constexpr std::chrono::milliseconds kLook(1000);
constexpr std::chrono::seconds kForgetAfter(10);

}  // namespace

Result<std::unique_ptr<BackendDesk>> BackendDesk::open(EventLoop& loop, const Sources& sources) {
  std::unique_ptr<BackendDesk> desk(new BackendDesk(loop, sources));
  if (Result<void> r = desk->wait(); !r) return r.error();
  return desk;
}

Result<void> BackendDesk::wait() {
  Result<EventLoop::Source> timer = loop_.after(kLook, [this] {
    watch_traffic();
    if (Result<void> r = wait(); !r)
      spdlog::error("what is left of draining backends is not known any more: {}",
                    r.error().message);
  });
  if (!timer) return timer.error();
  timer_ = std::move(*timer);
  return {};
}

// Only of those that are being emptied does anybody want to know.
void BackendDesk::watch_traffic() {
  const Conditions& conditions = from_.health.health().conditions;
  std::vector<std::pair<std::string, IpAddress>> emptied;
  for (const auto& [name, pool] : from_.config.pools)
    for (const Backend& b : pool.backends) {
      const auto c = conditions.empty() ? conditions.end() : conditions.find({name, b.name});
      if ((c == conditions.end() ? b.weight : c->second.weight) == 0)
        emptied.emplace_back(name, b.address);
    }
  const Time now = std::chrono::steady_clock::now();
  traffic_.forget_before(now - kForgetAfter);
  if (emptied.empty()) return;
  const Result<Counters> counters = from_.controller.counters();
  if (!counters) return;
  const Leftovers leftovers(from_.config, from_.controller.live());
  for (const auto& [pool, address] : emptied) {
    uint64_t packets = 0;
    for (const uint32_t number : leftovers.numbers_of(pool, address))
      if (number < counters->members.size()) packets += counters->members[number].packets;
    traffic_.note(address, pool, packets, now);
  }
}

void BackendDesk::look(const std::function<void(const HealthKnowledge&)>& f) const {
  const bool knows_flows = from_.flow_keeper && from_.flow_keeper->last().began != Time{};
  f({.config = from_.config,
     .controller = from_.controller,
     .health = from_.health,
     .sweep = knows_flows ? &from_.flow_keeper->last() : nullptr,
     .traffic = traffic_});
}

api::BackendHandlers BackendDesk::handlers() {
  return {.list = [this](std::string_view pool) -> std::optional<api::BackendList> {
            if (!pool.empty() && !from_.config.pools.contains(std::string(pool)))
              return std::nullopt;
            api::BackendList out;
            look([&](const HealthKnowledge& k) {
              out = {.backends = report_backends(k, pool),
                     .overrides = pool.empty()
                                      ? report_overrides(k.health.overrides(), k.config, k.now)
                                      : report_overrides(k.health.overrides(), k.config, k.now,
                                                         std::string(pool)),
                     .overrides_trouble = from_.health.overrides_trouble()};
            });
            return out;
          },
          .show =
              [this](const api::BackendName& name) {
                std::optional<api::PoolBackend> out;
                look([&](const HealthKnowledge& k) {
                  out = report_backend(k, {name.pool, name.backend});
                });
                return out;
              },
          .node =
              [this](const IpAddress& address) {
                std::vector<api::PoolBackend> out;
                look([&](const HealthKnowledge& k) { out = report_node(k, address); });
                return out;
              },
          .put = [this](const api::Overridable& whom,
                        const api::BackendOrder& order) { return put(whom, order); }};
}

tl::expected<api::Overridden, api::Refusal> BackendDesk::put(const api::Overridable& whom,
                                                             const api::BackendOrder& order) {
  const tl::expected<bool, api::Refusal> changed = from_.health.take_order(whom, order);
  if (!changed) return tl::unexpected(changed.error());
  api::Overridden out = {.changed = *changed};
  look([&](const HealthKnowledge& k) {
    if (const auto* name = std::get_if<api::BackendName>(&whom)) {
      if (auto b = report_backend(k, {name->pool, name->backend}))
        out.backends.push_back(std::move(*b));
    } else {
      out.backends = report_node(k, std::get<IpAddress>(whom));
    }
  });
  out.trouble = from_.health.overrides_trouble();
  return out;
}

}  // namespace sluice
