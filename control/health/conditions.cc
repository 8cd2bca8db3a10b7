// SPDX-License-Identifier: Apache-2.0
#include "health/conditions.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::health {

namespace {

constexpr uint32_t kFirstPercent = 10;  // of its weight, where a slow start begins
constexpr uint32_t kSteps = 9;          // as large, to all of it
constexpr uint64_t kLargestWeight = 1000;

void keep_earliest(std::optional<Time>& earliest, Time at) {
  if (!earliest || at < *earliest) earliest = at;
}

// A backend in its pool with all that is known of it.
struct Known {
  BackendRef ref;
  uint32_t configured = 0;
  std::optional<Order> order;
  const Verdict* verdict = nullptr;  // null: it is not checked

  bool ready() const { return order == Order::kReady; }
  bool taken_out() const { return order && !ready(); }
  bool takes_part() const { return configured > 0 && !taken_out(); }
  State state() const { return verdict && !ready() ? verdict->state : State::kUp; }
  bool healthy() const { return takes_part() && state() == State::kUp; }
};

std::vector<Known> known_of(const Pool& pool, const Verdicts& verdicts, const Overrides& overrides,
                            Time now) {
  std::vector<Known> all;
  for (const Backend& b : pool.backends) {
    Known k = {.ref = {pool.name, b.name}, .configured = b.weight, .order = {}};
    k.order = order_for(overrides, k.ref, b.address, now);
    if (const auto it = verdicts.backends.find(k.ref); it != verdicts.backends.end())
      k.verdict = &it->second;
    all.push_back(std::move(k));
  }
  return all;
}

// New ones have not been found ill: they would make a pool that grows look sick. Where there are no
// others all are used, until the first has answered.
bool is_panic(const PoolHealth& h, uint32_t percent) {
  const uint32_t judged = h.total - h.fresh;
  if (percent == 0 || h.total == 0) return false;
  return judged == 0 || uint64_t(h.healthy) * 100 < uint64_t(percent) * judged;
}

PoolHealth pool_health(const Pool& pool, const std::vector<Known>& backends) {
  PoolHealth h;
  for (const Known& k : backends) {
    if (!k.takes_part()) continue;
    h.total++;
    h.healthy += k.healthy();
    h.fresh += k.state() == State::kNew;
  }
  h.panic = is_panic(h, pool.panic);
  h.below_minimum = h.healthy < pool.minimum;
  return h;
}

// In percent of its weight. Sets when there will be more of it.
uint32_t slow_start(const Pool& pool, const Verdict& verdict, Time now, std::optional<Time>& next) {
  if (!verdict.came_up || pool.slow_start <= std::chrono::seconds(0)) return 100;
  const Duration step = Duration(pool.slow_start) / kSteps;
  const int64_t steps = std::max<int64_t>(0, (now - *verdict.came_up) / step);
  if (steps >= kSteps) return 100;
  keep_earliest(next, *verdict.came_up + (steps + 1) * step);
  return kFirstPercent + uint32_t(steps) * (100 - kFirstPercent) / kSteps;
}

uint32_t weight_of(const Pool& pool, const Known& k, Time now, std::optional<Time>& next) {
  if (!k.verdict || k.ready()) return k.configured;
  const uint64_t percent = slow_start(pool, *k.verdict, now, next);
  const uint64_t weight = (uint64_t(k.configured) * k.verdict->percent * percent + 5000) / 10000;
  return uint32_t(std::clamp<uint64_t>(weight, 1, kLargestWeight));
}

Condition condition_of(const Pool& pool, const PoolHealth& h, const Known& k, Time now,
                       std::optional<Time>& next) {
  Condition c = {.weight = 0, .dead = k.state() == State::kDead && !h.panic};
  if (k.order == Order::kDisable) c.dead = true;
  // The operator has said that so few are none. Panic is only a guess, and gives way.
  if (!k.takes_part() || h.below_minimum) return c;
  if (h.panic)
    c.weight = k.configured;
  else if (k.healthy())
    c.weight = weight_of(pool, k, now, next);
  return c;
}

void note_end(const Override& o, Time now, std::optional<Time>& next) {
  if (o.until && *o.until > now) keep_earliest(next, *o.until);
}

}  // namespace

Health health_of(const Config& config, const Verdicts& verdicts, const Overrides& overrides,
                 Time now) {
  Health health;
  health.isolated = verdicts.isolated;
  for (const auto& [ref, o] : overrides.backends) note_end(o, now, health.next_due);
  for (const auto& [address, o] : overrides.nodes) note_end(o, now, health.next_due);
  for (const auto& [name, pool] : config.pools) {
    const std::vector<Known> backends = known_of(pool, verdicts, overrides, now);
    const PoolHealth h = health.pools[name] = pool_health(pool, backends);
    for (const Known& k : backends) {
      const Condition c = condition_of(pool, h, k, now, health.next_due);
      if (c != Condition{.weight = k.configured}) health.conditions.emplace(k.ref, c);
    }
  }
  return health;
}

std::optional<Order> order_for(const Overrides& overrides, const BackendRef& backend,
                               const IpAddress& address, Time now) {
  std::optional<Order> strongest;
  const auto add = [&](const auto& all, const auto& key) {
    const auto it = all.find(key);
    if (it == all.end() || (it->second.until && *it->second.until <= now)) return;
    if (!strongest || it->second.order > *strongest) strongest = it->second.order;
  };
  add(overrides.backends, backend);
  add(overrides.nodes, address);
  return strongest;
}

std::string describe(const PoolHealth& pool) {
  std::string text = fmt::format("{} of {} backends healthy", pool.healthy, pool.total);
  if (pool.fresh > 0) text += fmt::format(", {} new", pool.fresh);
  if (pool.below_minimum)
    text += ": fewer than the minimum, its services are down";
  else if (pool.panic)
    text += ": too few for checks to be believed, all are used";
  return text;
}

}  // namespace sluice::health
