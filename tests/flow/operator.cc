// SPDX-License-Identifier: Apache-2.0
#include "flow/operator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluice::test {

namespace {

Backend backend(const IpAddress& address, uint32_t weight) {
  return {.name = address.to_string(), .address = address, .weight = weight, .forward = {}};
}

}  // namespace

Operator::Operator(uint32_t backends, bool always, std::chrono::seconds drain) {
  Config& c = setting_.config;
  c.seed = World::kSeed;
  c.ring_size = World::kRingSlots;
  c.drain = drain;
  c.services = services("a");
  for (Service& s : c.services) s.tracking = always ? Tracking::kAlways : Tracking::kAdaptive;
  c.pools["a"].name = "a";
  c.pools["b"].name = "b";
  const Backends& all = universe();
  for (uint32_t i = 0; i < backends; i++) {
    c.pools["a"].backends.push_back(backend(all[i % all.size()], 100));
    c.pools["b"].backends.push_back(backend(all[all.size() - 1 - i % all.size()], 50));
  }
  before_ = c;
}

std::string Operator::change(Change what, uint32_t value) {
  switch (what) {
    case Change::kKill:
    case Change::kRevive:
      return die(what, value);
    case Change::kUndo:
      return undo();
    case Change::kReload:
      return "a new data plane";
    default:
      before_ = setting_.config;
  }
  switch (what) {
    case Change::kAdd:
      return add(value);
    case Change::kRemove:
      return remove(value);
    case Change::kExchange:
      return exchange(value);
    case Change::kTrack:
      return track(value);
    default:
      if (pool().backends.empty()) return "nothing";
      return change_one(what, pool().backends[value % pool().backends.size()], value >> 8);
  }
}

std::string Operator::change_one(Change what, Backend& b, uint32_t value) {
  constexpr Tunnel kTunnels[] = {Tunnel::kIpip, Tunnel::kGre};
  switch (what) {
    case Change::kDrain:
      b.weight = 0;
      break;
    case Change::kReweigh:
      b.weight = 1 + value % 200;
      break;
    default:
      b.forward.tunnel = kTunnels[value % 2];
      return fmt::format("tunnel {} to {}", value % 2, b.name);
  }
  return fmt::format("weight {} for {}", b.weight, b.name);
}

std::string Operator::add(uint32_t value) {
  const IpAddress& address = universe()[value % universe().size()];
  std::vector<Backend>& all = pool().backends;
  if (std::any_of(all.begin(), all.end(), [&](const Backend& b) { return b.address == address; }))
    return "nothing";
  all.push_back(backend(address, 50 + (value >> 8) % 100));
  return "add " + address.to_string();
}

std::string Operator::remove(uint32_t value) {
  std::vector<Backend>& all = pool().backends;
  if (all.empty()) return "nothing";
  const auto gone = all.begin() + value % all.size();
  const std::string name = gone->name;
  all.erase(gone);
  return "remove " + name;
}

std::string Operator::undo() {
  std::swap(before_, setting_.config);
  return "undo";
}

std::string Operator::exchange(uint32_t value) {
  for (Service& s : setting_.config.services)
    if (&s == &setting_.config.services[0] || value % 2) s.pool = s.pool == "a" ? "b" : "a";
  return value % 2 ? "pools exchanged" : "pool of web exchanged";
}

std::string Operator::track(uint32_t value) {
  Service& s = setting_.config.services[value % setting_.config.services.size()];
  s.tracking = s.tracking == Tracking::kAlways ? Tracking::kAdaptive : Tracking::kAlways;
  return fmt::format("{} tracked {}", s.name,
                     s.tracking == Tracking::kAlways ? "always" : "adaptively");
}

std::string Operator::die(Change what, uint32_t value) {
  if (what == Change::kKill) {
    const IpAddress& victim = universe()[value % universe().size()];
    setting_.dead.insert(victim);
    return "kill " + victim.to_string();
  }
  if (setting_.dead.empty()) return "nothing";
  const auto risen = std::next(setting_.dead.begin(), value % setting_.dead.size());
  const std::string name = risen->to_string();
  setting_.dead.erase(risen);
  return "revive " + name;
}

}  // namespace sluice::test
