// SPDX-License-Identifier: Apache-2.0
#include "daemon/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "config/values.h"
#include "daemon/check_texts.h"
#include "daemon/texts.h"

namespace sluice {

namespace {

using Settings = std::vector<api::SettingChange>;

void compare(Settings& out, const std::string& setting, const std::string& before,
             const std::string& after) {
  if (before != after) out.push_back({setting, before, after});
}

std::string vips_of(const Service& s) {
  std::vector<std::string> words;
  for (const IpPrefix& vip : s.vips) words.push_back(vip.to_string());
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string ports_of(const Service& s) {
  std::vector<std::string> words;
  for (const PortRange& p : s.ports) words.push_back(text_of(p));
  return fmt::format("{}", fmt::join(words, ", "));
}

Settings compare(const Service& before, const Service& after) {
  Settings out;
  compare(out, "vip", vips_of(before), vips_of(after));
  compare(out, "ports", ports_of(before), ports_of(after));
  compare(out, "pool", before.pool, after.pool);
  compare(out, "hash", text_of(before.hash), text_of(after.hash));
  compare(out, "empty", text_of(before.empty), text_of(after.empty));
  compare(out, "tracking", text_of(before.tracking), text_of(after.tracking));
  return out;
}

struct Member {
  std::string name;  // "pool/backend"
  const Backend* backend;
};
using Members = std::map<IpAddress, Member>;

Members members_of(const Config& config, const Service& service) {
  Members out;
  for (const Backend& b : config.pools.at(service.pool).backends)
    out.emplace(b.address, Member{service.pool + "/" + b.name, &b});
  return out;
}

// Of a backend that both have.
void compare(std::vector<api::MemberChange>& out, const Member& before, const Member& after) {
  const Backend &a = *before.backend, &b = *after.backend;
  api::MemberChange change = {.backend = after.name,
                              .address = b.address.to_string(),
                              .change = "weight",
                              .weight_before = a.weight,
                              .weight_after = b.weight};
  if (a.weight != b.weight) out.push_back(change);
  change.change = "changed";
  if (!(a.forward == b.forward))
    change.detail = "another way to forward to it";
  else if (before.name != after.name)
    change.detail = "was called " + before.name;
  if (!change.detail.empty()) out.push_back(change);
}

std::vector<api::MemberChange> compare(const Members& before, const Members& after) {
  std::vector<api::MemberChange> out;
  for (const auto& [address, m] : after) {
    if (const auto old = before.find(address); old != before.end()) {
      compare(out, old->second, m);
      continue;
    }
    out.push_back({.backend = m.name,
                   .address = address.to_string(),
                   .change = "added",
                   .weight_after = m.backend->weight});
  }
  for (const auto& [address, m] : before)
    if (!after.contains(address))
      out.push_back({.backend = m.name,
                     .address = address.to_string(),
                     .change = "removed",
                     .weight_before = m.backend->weight});
  return out;
}

template <class T>
const T* find(const std::vector<T>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &T::name);
  return found == all.end() ? nullptr : &*found;
}

// In the words of the file; empty: it is not shared.
std::string share_text(const std::optional<Share>& share) {
  if (!share) return "";
  std::vector<std::string_view> verdicts;
  for (const XdpVerdict v : share->go_on_after) verdicts.push_back(text_of(v));
  return fmt::format("priority {}, continue after [{}]", share->priority,
                     fmt::join(verdicts, ", "));
}

Settings compare(const Interface& before, const Interface& after) {
  const auto hop = [](const Interface& i) { return i.next_hop ? i.next_hop->to_string() : ""; };
  const auto vlan = [](const Interface& i) { return i.keep_vlan ? "keep" : "strip"; };
  Settings out;
  compare(out, "mode", text_of(before.mode), text_of(after.mode));
  compare(out, "share", share_text(before.share), share_text(after.share));
  compare(out, "next_hop", hop(before), hop(after));
  compare(out, "vlan", vlan(before), vlan(after));
  return out;
}

std::string number(uint64_t n) {
  return n == 0 ? "" : std::to_string(n);
}

// "pool web", or "service games" where the pool is the service's own.
std::string title_of(const Pool& pool) {
  constexpr std::string_view kAnonymous = "service:";
  return pool.name.starts_with(kAnonymous) ? "service " + pool.name.substr(kAnonymous.size())
                                           : "pool " + pool.name;
}

void compare_checks(Settings& out, const std::string& title, const Pool& before,
                    const Pool& after) {
  const auto kind = [](const Pool& p) { return p.check ? kind_text(*p.check) : ""; };
  compare(out, title, kind(before), kind(after));
  if (!before.check || !after.check) return;
  std::map<std::string, std::string> old = check_texts(*before.check);
  const std::map<std::string, std::string> now = check_texts(*after.check);
  // What only another kind has goes without saying.
  for (const auto& [key, text] : now)
    if (old.contains(key)) compare(out, title + ": " + key, old[key], text);
}

// Pools that both have.
void compare_pools(Settings& out, const Config& before, const Config& after) {
  for (const auto& [name, pool] : after.pools) {
    const auto old = before.pools.find(name);
    if (old == before.pools.end()) continue;
    const std::string title = title_of(pool) + ": ";
    compare_checks(out, title + "check", old->second, pool);
    compare(out, title + "minimum", number(old->second.minimum), number(pool.minimum));
    compare(out, title + "panic", fmt::format("{}%", old->second.panic),
            fmt::format("{}%", pool.panic));
    compare(out, title + "slow-start", duration_text(old->second.slow_start),
            duration_text(pool.slow_start));
  }
}

}  // namespace

std::vector<api::ServiceChange> compare_services(const Config& before, const Config& after) {
  std::vector<api::ServiceChange> out;
  for (const Service& s : after.services) {
    const Service* const old = find(before.services, s.name);
    const Members members = members_of(after, s);
    api::ServiceChange change = {
        .name = s.name,
        .change = old ? "changed" : "added",
        .members = compare(old ? members_of(before, *old) : Members(), members),
        .settings = old ? compare(*old, s) : Settings()};
    if (!old || !change.members.empty() || !change.settings.empty())
      out.push_back(std::move(change));
  }
  for (const Service& s : before.services)
    if (!find(after.services, s.name)) out.push_back({.name = s.name, .change = "removed"});
  return out;
}

std::vector<api::InterfaceChange> compare_interfaces(const Config& before, const Config& after) {
  std::vector<api::InterfaceChange> out;
  for (const Interface& i : after.interfaces) {
    const Interface* const old = find(before.interfaces, i.name);
    if (!old) out.push_back({.name = i.name, .change = "attach"});
    if (old && !(*old == i))
      out.push_back({.name = i.name, .change = "changed", .settings = compare(*old, i)});
  }
  for (const Interface& i : before.interfaces)
    if (!find(after.interfaces, i.name)) out.push_back({.name = i.name, .change = "detach"});
  return out;
}

std::vector<api::SettingChange> compare_settings(const Config& before, const Config& after) {
  Settings out;
  compare(out, "ring", number(before.ring_size), number(after.ring_size));
  compare(out, "mtu", number(before.mtu), number(after.mtu));
  compare(out, "drain", fmt::format("{}s", before.drain.count()),
          fmt::format("{}s", after.drain.count()));
  compare(out, "flows", number(before.flows), number(after.flows));
  if (before.seed != after.seed) out.push_back({"seed", "(a secret)", "(another)"});
  compare_pools(out, before, after);
  return out;
}

}  // namespace sluice
