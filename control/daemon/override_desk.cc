// SPDX-License-Identifier: Apache-2.0
#include "daemon/override_desk.h"

#include <fmt/chrono.h>

#include <algorithm>

#include "base/log.h"

namespace sluice {

namespace {

using Kind = SavedOverride::Kind;
using What = api::BackendOrder::What;

tl::unexpected<api::Refusal> refuse(unsigned status, std::string why) {
  return tl::unexpected(api::Refusal{status, std::move(why)});
}

std::string rfc3339(int64_t wall) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time_t(wall)));
}

OverrideKey key_of(const api::Overridable& whom) {
  if (const IpAddress* address = std::get_if<IpAddress>(&whom)) return *address;
  const api::BackendName& name = std::get<api::BackendName>(whom);
  return BackendRef{name.pool, name.backend};
}

const Backend* find(const Config& config, const BackendRef& ref) {
  const auto pool = config.pools.find(ref.pool);
  if (pool == config.pools.end()) return nullptr;
  const auto backend = std::ranges::find(pool->second.backends, ref.backend, &Backend::name);
  return backend == pool->second.backends.end() ? nullptr : &*backend;
}

bool has(const Pool& pool, const IpAddress& address) {
  return std::ranges::find(pool.backends, address, &Backend::address) != pool.backends.end();
}

bool is_known(const Config& config, const OverrideKey& key) {
  if (const BackendRef* ref = std::get_if<BackendRef>(&key)) return find(config, *ref);
  const IpAddress& address = std::get<IpAddress>(key);
  return std::ranges::any_of(config.pools, [&](const auto& p) { return has(p.second, address); });
}

// What was said of the address of a backend; null: nothing, or the key is an address itself.
const Overrides::value_type* of_node(const Overrides& all, const Config& config,
                                     const OverrideKey& key) {
  const BackendRef* const ref = std::get_if<BackendRef>(&key);
  const Backend* const backend = ref ? find(config, *ref) : nullptr;
  const auto found = backend ? all.find(backend->address) : all.end();
  return found == all.end() ? nullptr : &*found;
}

std::string node_rules(const Overrides::value_type& node) {
  const std::string address = to_string(node.first);
  return fmt::format("\"{}\" was said of its address {}: `sluicectl node auto {}` undoes that",
                     word_for(node.second.kind), address, address);
}

Kind kind_of(What what) {
  return what == What::kDrain     ? Kind::kDrain
         : what == What::kDisable ? Kind::kDisable
                                  : Kind::kReady;
}

SavedOverride override_of(const api::BackendOrder& order, const Moment& now) {
  SavedOverride out = {
      .kind = kind_of(order.what), .since = now.wall, .by = order.by, .reason = order.reason};
  if (order.lasts.count() == 0) return out;
  out.lasts = order.lasts;
  out.ends = now.steady + order.lasts;
  return out;
}

// Whether `wanted` says nothing that `is` does not say.
bool says_nothing_new(const SavedOverride& is, const SavedOverride& wanted) {
  return is.kind == wanted.kind && !is.ends && !wanted.ends &&
         (wanted.reason.empty() || wanted.reason == is.reason);
}

void log(const OverrideKey& key, const SavedOverride& o) {
  spdlog::warn("override of {}: {}{} by {}{}", printable(to_string(key)), word_for(o.kind),
               o.ends ? fmt::format(" for {} s", o.lasts.count()) : "", printable(o.by),
               o.reason.empty() ? "" : ": " + printable(o.reason));
}

api::Override report(const Overrides::value_type& saved, const Config& config, const Moment& now) {
  const auto& [key, o] = saved;
  api::Override out = {.of = to_string(key),
                       .what = word_for(o.kind),
                       .since = rfc3339(o.since),
                       .by = o.by,
                       .reason = o.reason,
                       .unknown = !is_known(config, key)};
  if (!o.ends) return out;
  out.until = rfc3339(*wall_end(o, now));
  out.ends_in = std::max(0.0, std::chrono::duration<double>(*o.ends - now.steady).count());
  return out;
}

}  // namespace

tl::expected<bool, api::Refusal> OverrideDesk::take(const Config& config,
                                                    const api::Overridable& whom,
                                                    const api::BackendOrder& order,
                                                    const Moment& now) {
  const OverrideKey key = key_of(whom);
  const auto before = all().find(key);
  if (!is_known(config, key) && (order.what != What::kAuto || before == all().end()))
    return refuse(404, std::holds_alternative<IpAddress>(key)
                           ? "no backend has the address " + to_string(key)
                           : "there is no backend \"" + to_string(key) + "\"");
  if (order.what == What::kAuto) return undo(config, key, now);
  SavedOverride wanted = override_of(order, now);
  const Overrides::value_type* const node = of_node(all(), config, key);
  if (node && node->second.kind > wanted.kind && wanted.kind == Kind::kReady)
    return refuse(409, to_string(key) + " cannot be made ready: " + node_rules(*node));
  if (before != all().end()) {
    if (says_nothing_new(before->second, wanted)) return false;
    if (before->second.kind == wanted.kind) wanted.since = before->second.since;
  }
  log(key, wanted);
  if (Result<void> r = store_.put(key, std::move(wanted), now); !r)
    return refuse(409, r.error().message);
  return true;
}

tl::expected<bool, api::Refusal> OverrideDesk::undo(const Config& config, const OverrideKey& key,
                                                    const Moment& now) {
  if (store_.remove(key, now)) {
    spdlog::warn("override of {}: undone", printable(to_string(key)));
    return true;
  }
  if (const Overrides::value_type* node = of_node(all(), config, key))
    return refuse(409, to_string(key) + " has no override of its own: " + node_rules(*node));
  return false;
}

bool OverrideDesk::tend(const Moment& now) {
  const Overrides over = store_.tend(now);
  for (const auto& [key, o] : over)
    spdlog::warn("override of {}: {} has ended, its {} s are over", printable(to_string(key)),
                 word_for(o.kind), o.lasts.count());
  return !over.empty();
}

std::vector<api::Override> report_overrides(const Overrides& all, const Config& config,
                                            const Moment& now) {
  std::vector<api::Override> out;
  for (const Overrides::value_type& o : all) out.push_back(report(o, config, now));
  return out;
}

std::vector<api::Override> report_overrides(const Overrides& all, const Config& config,
                                            const Moment& now, const std::string& pool) {
  const auto members = config.pools.find(pool);
  std::vector<api::Override> out;
  for (const Overrides::value_type& o : all) {
    const BackendRef* const ref = std::get_if<BackendRef>(&o.first);
    if (ref ? ref->pool == pool
            : members != config.pools.end() && has(members->second, std::get<IpAddress>(o.first)))
      out.push_back(report(o, config, now));
  }
  return out;
}

std::vector<api::Override> report_overrides(const Overrides& all, const Config& config,
                                            const Moment& now, const BackendRef& ref,
                                            const IpAddress& address) {
  std::vector<api::Override> out;
  for (const Overrides::const_pointer o : overrides_of(all, ref, address))
    out.push_back(report(*o, config, now));
  return out;
}

}  // namespace sluice
