// SPDX-License-Identifier: Apache-2.0
// Backends in memory, with what is said of them: web/be1, web/be2, and dns/ns1 on be1's machine.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/server.h"

namespace sluice::api {

inline constexpr const char* kNoon = "2024-02-29T12:00:00Z";

// Unharmed by anything: as the checks find them.
inline PoolBackend fixed_backend(const std::string& pool, const std::string& backend) {
  const bool is_be2 = backend == "be2";
  PoolBackend out = {.pool = pool,
                     .backend = backend,
                     .address = is_be2 ? "2001:db8::2" : "198.51.100.1",
                     .state = is_be2 ? "down" : "up",
                     .since = kNoon,
                     .state_age = is_be2 ? 42.0 : 12725.0,
                     .verdict = is_be2 ? "down" : "up",
                     .weight = is_be2 ? 0u : 100u,
                     .weight_configured = 100,
                     .output = is_be2 ? "connection \x1b[31mrefused" : "200 OK",
                     .services = {pool == "web" ? "shop" : "resolver"}};
  if (backend == "be1") out.also = {"dns/ns1"};
  if (backend == "ns1") out.also = {"web/be1"};
  if (is_be2) out.remaining = {.known = true, .flows = 3, .slots = 9, .packets_per_second = 0.5};
  return out;
}

inline CheckState fixed_check(bool is_down) {
  CheckState out = {.rule = "GET /healthz wants 200, every 2s, timeout 1s",
                    .via = "tunnel",
                    .to = "192.0.2.10",
                    .port = 8080,
                    .rise = 2,
                    .fall = 3,
                    .good_in_a_row = 17,
                    .hold_down = 30};
  out.last.push_back({"good", "200 OK", 1.5});
  if (!is_down) return out;
  out.good_in_a_row = 1;
  out.hold_down_ends_in = 12;
  out.held_for_flapping_in = 60;
  out.last.push_back({"bad", "connection refused", 3.5});
  out.last.push_back({"unknown", "no source port", 5.5});
  return out;
}

// One poll of a drained backend takes five of its flows. Its methods may be called from any thread.
class FakeBackends {
 public:
  BackendHandlers handlers() {
    return {.list = [this](std::string_view pool) { return list(pool); },
            .show = [this](const BackendName& name) { return show(name); },
            .node = [this](const IpAddress& address) { return node(address); },
            .put = [this](const Overridable& whom,
                          const BackendOrder& order) { return put(whom, order); }};
  }

  // What the next poll of a drained backend finds.
  void set_remaining(const Remaining& remaining) {
    const std::lock_guard lock(mutex_);
    remaining_ = remaining;
  }
  // Overrides are undone after so many polls, as if their time were over.
  void forget_after(int polls) {
    const std::lock_guard lock(mutex_);
    forget_after_ = polls;
  }
  void fill_disk() {
    const std::lock_guard lock(mutex_);
    trouble_ = "No space left \x1b[31mon device";
  }
  BackendOrder last_order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }
  // By the name or the address.
  void say(const std::string& of, const Override& o) {
    const std::lock_guard lock(mutex_);
    overrides_[of] = o;
  }

 private:
  using Names = std::vector<BackendName>;
  static Names names() { return {{"dns", "ns1"}, {"web", "be1"}, {"web", "be2"}}; }
  static Names at(const std::string& address) {
    Names out;
    for (const BackendName& name : names())
      if (fixed_backend(name.pool, name.backend).address == address) out.push_back(name);
    return out;
  }

  PoolBackend report(const BackendName& name, bool in_full) {
    PoolBackend out = fixed_backend(name.pool, name.backend);
    if (in_full) out.check = fixed_check(out.state == "down");
    for (const std::string& of : {to_string(name), out.address})
      if (const auto o = overrides_.find(of); o != overrides_.end())
        out.overrides.push_back(o->second);
    if (out.overrides.empty()) return out;
    const std::string& what = out.overrides[0].what;
    out.state = what == "ready" ? "ready-forced" : what == "drain" ? "drained" : "disabled";
    out.state_age = 5;
    out.weight = what == "ready" ? 100 : 0;
    out.remaining = what == "ready" ? Remaining{} : remaining_;
    return out;
  }

  void poll() {
    remaining_.flows -= std::min<uint64_t>(remaining_.flows, 5);
    if (forget_after_ >= 0 && forget_after_-- == 0) overrides_.clear();
  }

  std::optional<BackendList> list(std::string_view pool) {
    const std::lock_guard lock(mutex_);
    BackendList out;
    for (const BackendName& name : names())
      if (pool.empty() || pool == name.pool) out.backends.push_back(report(name, false));
    if (out.backends.empty()) return std::nullopt;
    for (const auto& [of, o] : overrides_) out.overrides.push_back(o);
    out.overrides_trouble = trouble_;
    return out;
  }

  std::optional<PoolBackend> show(const BackendName& name) {
    const std::lock_guard lock(mutex_);
    const Names all = names();
    if (std::ranges::find(all, name) == all.end()) return std::nullopt;
    poll();
    return report(name, true);
  }

  std::vector<PoolBackend> node(const IpAddress& address) {
    const std::lock_guard lock(mutex_);
    poll();
    std::vector<PoolBackend> out;
    for (const BackendName& name : at(address.to_string())) out.push_back(report(name, true));
    return out;
  }

  tl::expected<Overridden, Refusal> put(const Overridable& whom, const BackendOrder& order) {
    const std::lock_guard lock(mutex_);
    order_ = order;
    const BackendName* const name = std::get_if<BackendName>(&whom);
    const std::string of = name ? to_string(*name) : std::get<IpAddress>(whom).to_string();
    const Names all = names();
    const Names meant = !name                                        ? at(of)
                        : std::ranges::find(all, *name) == all.end() ? Names{}
                                                                     : Names{*name};
    if (meant.empty() && !overrides_.contains(of))
      return tl::unexpected(Refusal{404, "there is no backend \"" + of + "\""});
    if (order.reason == "conflict")
      return tl::unexpected(Refusal{409, of + " is drained as a node"});
    Overridden out = {.changed = true, .trouble = trouble_};
    if (order.what == BackendOrder::What::kAuto)
      out.changed = overrides_.erase(of) > 0;
    else
      overrides_[of] = override_of(of, order);
    for (const BackendName& n : meant) out.backends.push_back(report(n, true));
    return out;
  }

  static Override override_of(const std::string& of, const BackendOrder& order) {
    Override out = {.of = of,
                    .what = word_for(order.what),
                    .since = kNoon,
                    .by = order.by,
                    .reason = order.reason};
    if (order.lasts.count() == 0) return out;
    out.until = "2024-02-29T12:10:00Z";
    out.ends_in = double(order.lasts.count());
    return out;
  }

  std::mutex mutex_;
  std::map<std::string, Override> overrides_;
  Remaining remaining_ = {.known = true,
                          .flows = 7,
                          .closing = 3,
                          .slots = 137,
                          .window_ends_in = 800,
                          .packets = 4711,
                          .packets_per_second = 42.04,
                          .quiet = 0};
  int forget_after_ = -1;  // polls; -1: never
  std::string trouble_;
  BackendOrder order_;
};

}  // namespace sluice::api
