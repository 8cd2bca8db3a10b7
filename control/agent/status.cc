// SPDX-License-Identifier: Apache-2.0
#include "agent/status.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "agent/keys.h"
#include "base/log.h"

namespace sluice::agent {

namespace {

#define X(name, text) Reason{#name, text},
constexpr Reason kDrops[] = {SLUICE_AGENT_DROP_REASONS(X)};
constexpr Reason kPasses[] = {SLUICE_AGENT_PASS_REASONS(X)};
#undef X
#define X(name, text) #name,
constexpr const char* kTunnels[] = {SLUICE_AGENT_TUNNELS(X)};
#undef X

struct PinnedMap {
  UniqueFd fd;
  uint32_t entries;
};

Result<PinnedMap> open_map(const Pins& pins, const char* name, uint32_t key, uint32_t value) {
  Result<std::optional<UniqueFd>> fd = pins.open(name);
  if (!fd) return fd.error();
  if (!*fd)
    return Error{"there is no " + pins.path(name) + "; the agent was cut off while starting"};
  bpf_map_info info = {};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd((*fd)->get(), &info, &size) != 0)
    return errno_error("look at " + pins.path(name));
  if (info.key_size != key || info.value_size != value)
    return Error{pins.path(name) + " is of another version of sluice-agent"};
  return PinnedMap{std::move(**fd), info.max_entries};
}

// All keys of a map whose values say nothing, as sorted T.
template <class Key, class T>
Result<std::vector<T>> read_keys(const Pins& pins, const char* name) {
  Result<PinnedMap> map = open_map(pins, name, sizeof(Key), sizeof(uint32_t));
  if (!map) return map.error();
  std::vector<T> all;
  Key key = {}, next = {};
  for (void* previous = nullptr; bpf_map_get_next_key(map->fd.get(), previous, &next) == 0;
       previous = &key) {
    key = next;
    all.push_back(from_key(key));
    if (all.size() > map->entries) break;  // entries come and go: the walk began anew
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

// The copies of all CPUs of every entry. Fewer than `wanted` entries are of an older version.
template <class T>
Result<std::vector<std::vector<T>>> read_counters(const Pins& pins, const char* name,
                                                  size_t wanted) {
  Result<PinnedMap> map = open_map(pins, name, sizeof(uint32_t), sizeof(T));
  if (!map) return map.error();
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return errno_error("count the possible CPUs", cpus);
  std::vector<std::vector<T>> all;
  for (uint32_t i = 0; i < std::min<size_t>(wanted, map->entries); i++) {
    all.emplace_back(size_t(cpus));
    if (bpf_map_lookup_elem(map->fd.get(), &i, all.back().data()) != 0)
      return errno_error(fmt::format("read counter {} of {}", i, pins.path(name)));
  }
  return all;
}

Result<std::vector<Reason>> read_reasons(const Pins& pins, const char* name,
                                         std::span<const Reason> known) {
  Result<std::vector<std::vector<uint64_t>>> counters =
      read_counters<uint64_t>(pins, name, known.size());
  if (!counters) return counters.error();
  std::vector<Reason> reasons(known.begin(), known.end());
  for (size_t i = 0; i < counters->size(); i++)
    for (const uint64_t n : (*counters)[i]) reasons[i].packets += n;
  return reasons;
}

Result<std::vector<TunnelPort>> read_ports(const Pins& pins) {
  Result<PinnedMap> map = open_map(pins, "ports", sizeof(uint16_t), sizeof(uint32_t));
  if (!map) return map.error();
  std::vector<TunnelPort> all;
  uint16_t key = 0, next = 0;
  uint32_t kind = 0;
  // Nobody changes this map once it is pinned.
  for (void* previous = nullptr; bpf_map_get_next_key(map->fd.get(), previous, &next) == 0;
       previous = &key) {
    key = next;
    if (bpf_map_lookup_elem(map->fd.get(), &key, &kind) != 0)
      return errno_error("read " + pins.path("ports"));
    if (kind < SLUICE_AGENT_TUNNEL_COUNT) all.push_back({ntohs(key), sluice_agent_tunnel(kind)});
  }
  std::sort(all.begin(), all.end());
  return all;
}

Result<void> read_tables(const Pins& pins, Status& status) {
  Result<std::vector<IpAddress>> vips = read_keys<sluice_addr, IpAddress>(pins, "vips");
  if (!vips) return vips.error();
  Result<std::vector<IpAddress>> locals = read_keys<sluice_addr, IpAddress>(pins, "locals");
  if (!locals) return locals.error();
  Result<std::vector<Prefix>> allowed = read_keys<sluice_prefix, Prefix>(pins, "allowed");
  if (!allowed) return allowed.error();
  Result<std::vector<TunnelPort>> ports = read_ports(pins);
  if (!ports) return ports.error();
  status.ports = std::move(*ports);
  status.vips = std::move(*vips);
  status.locals = std::move(*locals);
  status.allowed = std::move(*allowed);
  return {};
}

Result<void> read_all_counters(const Pins& pins, Status& status) {
  Result<std::vector<std::vector<sluice_counter>>> out =
      read_counters<sluice_counter>(pins, "decapsulated", SLUICE_AGENT_TUNNEL_COUNT);
  if (!out) return out.error();
  for (size_t i = 0; i < out->size(); i++) {
    Opened opened = {.name = kTunnels[i]};
    for (const sluice_counter& n : (*out)[i]) {
      opened.packets += n.packets;
      opened.bytes += n.bytes;
    }
    status.packets += opened.packets;
    status.bytes += opened.bytes;
    status.tunnels.push_back(opened);
  }
  Result<std::vector<Reason>> drops = read_reasons(pins, "drops", kDrops);
  if (!drops) return drops.error();
  Result<std::vector<Reason>> passes = read_reasons(pins, "passes", kPasses);
  if (!passes) return passes.error();
  status.drops = std::move(*drops);
  status.passes = std::move(*passes);
  return {};
}

template <class T>
std::vector<std::string> to_strings(const std::vector<T>& items) {
  std::vector<std::string> texts;
  for (const T& item : items) texts.push_back(item.to_string());
  return texts;
}

std::string state_of(const Attached& a) {
  return a.ifindex == 0 ? "gone" : a.mode;
}

std::vector<std::string> ports_text(const Status& status) {
  std::vector<std::string> texts;
  for (const TunnelPort& p : status.ports)
    texts.push_back(fmt::format("{} ({})", p.port, kTunnels[p.kind]));
  return texts;
}

std::string reasons_text(const char* title, const std::vector<Reason>& reasons) {
  std::string out = fmt::format("\n{}\n", title);
  for (const Reason& r : reasons)
    if (r.packets != 0) out += fmt::format("  {:<14}  {:>12}  {}\n", r.name, r.packets, r.text);
  return out.ends_with(std::string(title) + "\n") ? out + "  none\n" : out;
}

}  // namespace

Result<Status> read_status(const Pins& pins) {
  Status status = {.directory = pins.directory()};
  Result<std::vector<std::string>> names = pins.interfaces();
  if (!names) return names.error();
  for (const std::string& name : *names) {
    Result<std::optional<Attached>> link = look_at_link(name, pins);
    if (!link) return link.error();
    if (*link) status.interfaces.push_back(**link);
  }
  if (Result<void> r = read_tables(pins, status); !r) return r.error();
  if (Result<void> r = read_all_counters(pins, status); !r) return r.error();
  return status;
}

std::string to_json(const Status& status) {
  nlohmann::ordered_json j = {{"pins", status.directory}};
  j["interfaces"] = nlohmann::ordered_json::array();
  for (const Attached& a : status.interfaces)
    j["interfaces"].push_back({{"name", a.interface},
                               {"ifindex", a.ifindex},
                               {"hook", to_string(a.hook)},
                               {"mode", state_of(a)}});
  j["vips"] = to_strings(status.vips);
  j["allowed"] = to_strings(status.allowed);
  j["locals"] = to_strings(status.locals);
  j["ports"] = nlohmann::ordered_json::array();
  j["decapsulated"] = {{"packets", status.packets}, {"bytes", status.bytes}};
  for (const Opened& o : status.tunnels)
    j["tunnels"][o.name] = {{"packets", o.packets}, {"bytes", o.bytes}};
  for (const TunnelPort& p : status.ports)
    j["ports"].push_back({{"port", p.port}, {"tunnel", kTunnels[p.kind]}});
  for (const Reason& r : status.drops) j["drops"][r.name] = r.packets;
  for (const Reason& r : status.passes) j["passes"][r.name] = r.packets;
  return j.dump(2, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string to_text(const Status& status) {
  std::vector<std::string> interfaces;
  for (const Attached& a : status.interfaces)
    interfaces.push_back(
        fmt::format("{} ({}, {})", printable(a.interface), to_string(a.hook), state_of(a)));
  std::string out;
  const auto fact = [&](const char* name, const std::string& value) {
    out += fmt::format("{:<13} {}\n", name, value.empty() ? "none" : value);
  };
  fact("pins", printable(status.directory));
  fact("interfaces", fmt::format("{}", fmt::join(interfaces, ", ")));
  fact("VIPs", fmt::format("{}", fmt::join(to_strings(status.vips), ", ")));
  fact("allowed", fmt::format("{}", fmt::join(to_strings(status.allowed), ", ")));
  fact("tunnels end", fmt::format("{}", fmt::join(to_strings(status.locals), ", ")));
  fact("UDP ports", fmt::format("{}", fmt::join(ports_text(status), ", ")));
  fact("decapsulated", fmt::format("{} packets, {} bytes", status.packets, status.bytes));
  for (const Opened& o : status.tunnels)
    if (o.packets != 0)
      out += fmt::format("  {:<14}  {:>12} packets, {} bytes\n", o.name, o.packets, o.bytes);
  return out + reasons_text("dropped", status.drops) +
         reasons_text("passed untouched", status.passes);
}

}  // namespace sluice::agent
