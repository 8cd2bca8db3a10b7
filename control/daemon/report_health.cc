// SPDX-License-Identifier: Apache-2.0
#include "daemon/report_health.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "daemon/leftovers.h"

namespace sluice {

namespace {

using health::State;

std::string rfc3339(int64_t wall) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time_t(wall)));
}

double seconds_of(Time::duration d) {
  return std::chrono::duration<double>(d).count();
}

// As the wall clock would have said it, had nobody stepped it.
std::string wall_of(Time then, const Moment& now) {
  return rfc3339(now.wall - int64_t(seconds_of(now.steady - then)));
}

const health::Target* target_of(const HealthKeeper& health, const BackendRef& ref) {
  for (const health::Target& t : health.targets())
    if (std::find(t.users.begin(), t.users.end(), ref) != t.users.end()) return &t;
  return nullptr;
}

std::string text_of(const health::Verdict* verdict) {
  if (!verdict) return "unchecked";
  return verdict->state == State::kNew ? "unknown" : name_of(verdict->state);
}

std::string state_of(const std::vector<api::Override>& overrides, const std::string& verdict) {
  if (overrides.empty()) return verdict;
  const std::string& what = overrides.front().what;
  return what == "drain" ? "drained" : what == "disable" ? "disabled" : "ready-forced";
}

std::string detail_of(const HealthKnowledge& k, const std::string& pool, const Backend& b,
                      const health::Verdict* verdict, uint32_t weight) {
  const auto found = k.health.health().pools.find(pool);
  if (found != k.health.health().pools.end() &&
      (found->second.panic || found->second.below_minimum))
    return "the pool has " + describe(found->second);
  if (weight == b.weight || !verdict) return "";
  if (verdict->state == State::kNew) return "it has to answer first";
  if (verdict->state != State::kUp) return "";
  if (verdict->percent != 100)
    return fmt::format("it asks for {}% of its weight", verdict->percent);
  return "it has come up lately (slow-start)";
}

api::CheckState check_of(const HealthKnowledge& k, const health::Target& t,
                         const health::Verdict& v) {
  api::CheckState out = {.rule = health::describe(t.check),
                         .via = t.through_tunnel() ? "tunnel" : "direct",
                         .to = t.asked().to_string(),
                         .port = t.check.port,
                         .rise = t.check.rise,
                         .fall = t.check.fall,
                         .good_in_a_row = v.good,
                         .bad_in_a_row = v.bad,
                         .hold_down = double(t.check.hold_down.count())};
  if (v.dead_at) out.hold_down_ends_in = std::max(0.0, seconds_of(*v.dead_at - k.now.steady));
  if (v.held_until)
    out.held_for_flapping_in = std::max(0.0, seconds_of(*v.held_until - k.now.steady));
  for (const HealthKeeper::Answered& a : k.health.answers(t.id)) {
    const char* const answer = a.outcome.answer == health::Answer::kGood  ? "good"
                               : a.outcome.answer == health::Answer::kBad ? "bad"
                                                                          : "unknown";
    out.last.push_back({answer, a.outcome.text, seconds_of(k.now.steady - a.at)});
  }
  return out;
}

class Reporter {
 public:
  explicit Reporter(const HealthKnowledge& k)
      : k_(k), verdicts_(k.health.verdicts()), leftovers_(k.config, k.controller.live()) {
    for (const auto& [name, pool] : k.config.pools)
      for (const Backend& b : pool.backends)
        if (weight_of({name, b.name}, b) > 0) used_.emplace(b.address, BackendRef{name, b.name});
  }

  api::PoolBackend report(const std::string& pool, const Backend& b, bool with_check) {
    const BackendRef ref = {pool, b.name};
    const auto found = verdicts_.backends.find(ref);
    const health::Verdict* const verdict =
        found == verdicts_.backends.end() ? nullptr : &found->second;
    api::PoolBackend out = {.pool = pool,
                            .backend = b.name,
                            .address = b.address.to_string(),
                            .verdict = text_of(verdict),
                            .weight = weight_of(ref, b),
                            .weight_configured = b.weight};
    out.overrides = report_overrides(k_.health.overrides(), k_.config, k_.now, ref, b.address);
    out.state = state_of(out.overrides, out.verdict);
    if (verdict) {
      out.since = wall_of(verdict->since, k_.now);
      out.state_age = seconds_of(k_.now.steady - verdict->since);
      out.output = verdict->last;
    }
    out.detail = detail_of(k_, pool, b, verdict, out.weight);
    if (out.weight == 0) out.remaining = remaining_of(pool, b.address);
    out.services = leftovers_.services_of(pool);
    const auto [first, last] = used_.equal_range(b.address);
    for (auto other = first; other != last; other++)
      if (other->second != ref)
        out.also.push_back(other->second.pool + "/" + other->second.backend);
    if (with_check && verdict)
      if (const health::Target* const target = target_of(k_.health, ref)) {
        out.check = check_of(k_, *target, *verdict);
        if (const std::string why = k_.health.why_unasked(target->id); !why.empty())
          out.detail = "it is not asked: " + why;
        else if (const std::string doubt = k_.health.doubt(*target);
                 verdict->bad > 0 && !doubt.empty())
          out.detail = "its answers may be lost here: " + doubt;
      }
    return out;
  }

 private:
  api::Remaining remaining_of(const std::string& pool, const IpAddress& backend) {
    api::Remaining out = leftovers_.remaining_of(pool, backend, k_.sweep, k_.now.steady);
    const TrafficWatch::Seen* const seen = k_.traffic.find(backend, pool);
    out.known = out.known && seen;
    if (!seen) return out;
    out.packets = seen->packets;
    out.packets_per_second = seen->per_second;
    out.quiet = seconds_of(k_.now.steady - seen->moved);
    return out;
  }
  uint32_t weight_of(const BackendRef& ref, const Backend& b) const {
    const Conditions& conditions = k_.health.health().conditions;
    const auto condition = conditions.find(ref);
    return condition == conditions.end() ? b.weight : condition->second.weight;
  }
  const HealthKnowledge& k_;
  health::Verdicts verdicts_;
  Leftovers leftovers_;
  // Those that get packets: who switches a machine off should know all of them.
  std::multimap<IpAddress, BackendRef> used_;
};

}  // namespace

std::vector<api::PoolBackend> report_backends(const HealthKnowledge& k, std::string_view pool) {
  Reporter reporter(k);
  std::vector<api::PoolBackend> out;
  for (const auto& [name, p] : k.config.pools)
    if (pool.empty() || pool == name)
      for (const Backend& b : p.backends) out.push_back(reporter.report(name, b, false));
  return out;
}

std::optional<api::PoolBackend> report_backend(const HealthKnowledge& k, const BackendRef& ref) {
  const auto pool = k.config.pools.find(ref.pool);
  if (pool == k.config.pools.end()) return std::nullopt;
  for (const Backend& b : pool->second.backends)
    if (b.name == ref.backend) return Reporter(k).report(ref.pool, b, true);
  return std::nullopt;
}

std::vector<api::PoolBackend> report_node(const HealthKnowledge& k, const IpAddress& address) {
  Reporter reporter(k);
  std::vector<api::PoolBackend> out;
  for (const auto& [name, p] : k.config.pools)
    for (const Backend& b : p.backends)
      if (b.address == address) out.push_back(reporter.report(name, b, true));
  return out;
}

std::vector<api::PoolTrouble> report_pools(const HealthKnowledge& k) {
  std::vector<api::PoolTrouble> out;
  for (const auto& [name, pool] : k.health.health().pools)
    if (pool.below_minimum || pool.panic)
      out.push_back({name, pool.below_minimum ? "below-minimum" : "panic", describe(pool)});
  return out;
}

void add_health(const HealthKnowledge& k, const std::string& pool, api::Service& service) {
  Reporter reporter(k);
  for (const Backend& b : k.config.pools.at(pool).backends)
    for (api::Backend& known : service.backends) {
      if (known.name != b.name || known.state == "leaving") continue;
      const api::PoolBackend now = reporter.report(pool, b, false);
      known.health = now.state;
      known.health_since = now.since;
      known.health_output = now.output;
    }
}

std::string report_checker(const HealthKnowledge& k) {
  if (!k.health.health().isolated) return "";
  return "isolated: no backend answers any more, so it must be this host; what was believed stays";
}

}  // namespace sluice
