// SPDX-License-Identifier: Apache-2.0
#include "health/targets.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "base/log.h"
#include "health/check_key.h"

namespace sluice::health {

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

// IPPROTO_TCP or IPPROTO_UDP; 0: the probe has no port, or does without one.
uint8_t protocol_of(const Check& check) {
  return std::visit(Overloaded{[](const UdpCheck&) { return uint8_t(IPPROTO_UDP); },
                               [](const DnsCheck&) { return uint8_t(IPPROTO_UDP); },
                               [](const IcmpCheck&) { return uint8_t(0); },
                               [](const ExecCheck&) { return uint8_t(0); },
                               [](const auto&) { return uint8_t(IPPROTO_TCP); }},
                    check.probe);
}

// The first single port, of the probe's protocol if there is one. 0: the service has none.
uint16_t first_port(const Service& service, uint8_t protocol) {
  uint16_t other = 0;
  for (const PortRange& p : service.ports) {
    if (!p.is_one()) continue;
    if (p.protocol == protocol) return p.first;
    if (other == 0) other = p.first;
  }
  return other;
}

// `check` with the port that is asked at; nothing if there is none. `service` may be null.
std::optional<Check> with_port(Check check, const Service* service) {
  if (std::holds_alternative<IcmpCheck>(check.probe)) check.port = 0;
  const uint8_t protocol = protocol_of(check);
  if (std::holds_alternative<IcmpCheck>(check.probe) || check.port != 0) return check;
  if (service) check.port = first_port(*service, protocol);
  if (check.port == 0 && protocol != 0) return std::nullopt;
  return check;
}

// How a pool is asked.
struct Asking {
  Check check;
  const Service* service = nullptr;  // null: none is needed
};

std::optional<Asking> asking_of(const Pool& pool, const std::vector<const Service*>& users) {
  for (const Service* s : users) {
    if (s->vips.empty()) continue;
    if (std::optional<Check> check = with_port(*pool.check, s)) return Asking{*check, s};
  }
  if (pool.check->via == CheckPath::kDirect)
    if (std::optional<Check> check = with_port(*pool.check, nullptr)) return Asking{*check};
  return std::nullopt;
}

std::string why_unasked(const Pool& pool, const std::vector<const Service*>& users) {
  if (users.empty() && pool.check->via == CheckPath::kTunnel) return "no service uses it";
  return "no service that uses it has a single port to ask at: give the check a port";
}

using Users = std::map<std::string, std::vector<const Service*>>;

// By pool, in the order of the file.
Users users_of_pools(const Config& config) {
  Users users;
  for (const Service& s : config.services) users[s.pool].push_back(&s);
  return users;
}

// The pools that have a check, those of services first, in the order of the file.
std::vector<const Pool*> checked_pools(const Config& config) {
  std::vector<const Pool*> pools;
  std::set<std::string> seen;
  const auto add = [&](const std::string& name) {
    const auto it = config.pools.find(name);
    if (it == config.pools.end() || !seen.insert(name).second) return;
    if (it->second.check) pools.push_back(&it->second);
  };
  for (const Service& s : config.services) add(s.pool);
  for (const auto& [name, pool] : config.pools) add(name);
  return pools;
}

class Collector {
 public:
  void add(const Pool& pool, const Asking& asking) {
    const std::string rule = key_of(asking.check);
    for (const Backend& b : pool.backends) add(pool, asking, rule, b);
  }
  std::vector<Target> take() { return std::move(targets_); }

 private:
  void add(const Pool& pool, const Asking& asking, const std::string& rule, const Backend& b) {
    const bool tunnel = asking.check.via == CheckPath::kTunnel;
    const std::string key = rule + key_of(b.address) + (tunnel ? key_of(b.forward) : "");
    const auto [it, is_new] = places_.try_emplace(key, targets_.size());
    if (is_new)
      targets_.push_back(
          {.id = hash_of(key),
           .backend = b.address,
           .check = asking.check,
           .forward = tunnel ? b.forward : Forward{},
           .service = tunnel ? asking.service->name : "",
           .vip = tunnel ? first_usable(asking.service->vips.front()) : IpAddress(),
           .users = {},
           .name = printable(fmt::format("{}/{} {}", pool.name, b.name, describe(asking.check)))});
    targets_[it->second].users.push_back({pool.name, b.name});
  }

  std::vector<Target> targets_;
  std::unordered_map<std::string, size_t> places_;  // by key
};

std::string at_port(const char* kind, uint16_t port) {
  return port ? fmt::format("{} {}", kind, port) : kind;
}

}  // namespace

std::vector<Target> targets_of(const Config& config) {
  const Users users = users_of_pools(config);
  Collector collector;
  for (const Pool* pool : checked_pools(config)) {
    const auto it = users.find(pool->name);
    const std::optional<Asking> asking =
        asking_of(*pool, it == users.end() ? std::vector<const Service*>() : it->second);
    if (asking) collector.add(*pool, *asking);
  }
  return collector.take();
}

std::map<std::string, std::string> unasked_pools(const Config& config) {
  Users users = users_of_pools(config);
  std::map<std::string, std::string> unasked;
  for (const Pool* pool : checked_pools(config)) {
    const std::vector<const Service*>& of_pool = users[pool->name];
    if (!asking_of(*pool, of_pool)) unasked.emplace(pool->name, why_unasked(*pool, of_pool));
  }
  return unasked;
}

std::set<IpAddress> newcomers(const Config& before, const Config& after) {
  std::set<IpAddress> known, fresh;
  for (const auto& [name, pool] : before.pools)
    for (const Backend& b : pool.backends) known.insert(b.address);
  for (const auto& [name, pool] : after.pools)
    for (const Backend& b : pool.backends)
      if (!known.contains(b.address)) fresh.insert(b.address);
  return fresh;
}

IpAddress first_usable(const IpPrefix& prefix) {
  const size_t bits = prefix.address.size() * 8;
  if (prefix.length + 1u >= bits)
    return prefix.address;  // one address, or a link of two (RFC 3021)
  IpAddress::Bytes bytes = prefix.address.bytes();
  bytes.back() |= 1;
  return IpAddress(bytes);
}

std::string describe(const Check& check) {
  return std::visit(
      Overloaded{
          [&](const TcpCheck&) { return at_port("tcp", check.port); },
          [&](const UdpCheck&) { return at_port("udp", check.port); },
          [](const HttpCheck& c) { return fmt::format("http{} {}", c.tls ? "s" : "", c.path); },
          [](const DnsCheck& c) { return fmt::format("dns {}", c.name); },
          [](const GrpcCheck& c) {
            return fmt::format("grpc {}", c.service.empty() ? "server" : c.service);
          },
          [](const IcmpCheck&) { return std::string("icmp"); },
          [](const ExecCheck& c) {
            return fmt::format("exec {}", c.command.empty() ? "" : c.command.front());
          }},
      check.probe);
}

}  // namespace sluice::health
