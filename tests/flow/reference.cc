// SPDX-License-Identifier: Apache-2.0
#include "flow/reference.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>

#include "flow/oracle.h"
#include "maglev/maglev.h"

namespace sluice::test {

namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds kUdp(120);

std::vector<Member> pure_hash(const Pool& pool, const std::set<IpAddress>& dead) {
  std::vector<RingBackend> backends;
  for (const Backend& b : pool.backends)
    backends.push_back(
        {.id = b.address.to_string(), .weight = dead.contains(b.address) ? 0 : b.weight});
  std::vector<Member> out(World::kRingSlots);
  const std::vector<uint16_t> ring = maglev_ring(backends, World::kRingSlots, World::kSeed);
  for (size_t i = 0; i < ring.size(); i++) out[i] = pool.backends[ring[i]].address;
  return out;
}

SlotSeen slot_at(const Slots& s, size_t i) {
  // A hash in the middle of the slot's share.
  return World::slot(s, uint32_t(((uint64_t(i) << 32) + (uint64_t(1) << 31)) / World::kRingSlots));
}

}  // namespace

void Reference::change_slot(Slot& s, const Rules& rules, bool first) {
  s.closed = false;
  if (first) {
    s.current = s.wanted;
    return;
  }
  if (s.window && s.end <= rules.now) {
    s.window = false;
    s.closed = true;
  }
  if (s.current != s.wanted && !s.window) {
    s.window = true;
    s.closed = false;
    s.previous = s.current;
    s.end = rules.now + rules.window;
  }
  s.current = s.wanted;
  const bool lost = !s.previous || rules.dead.contains(*s.previous);
  if (s.window && (s.previous == s.current || lost || rules.window == nanoseconds(0))) {
    s.window = false;
    s.closed = s.previous.has_value();  // a slot that was nobody's has no flows
  }
}

std::optional<std::string> Reference::compare(Slot& s, const SlotSeen& seen, const Rules& rules) {
  if (seen.current != s.current)
    return fmt::format("current is {}, not {}", name_of(seen.current), name_of(s.current));
  if (s.window != (seen.state == SLUICE_SLOT_WINDOW))
    return fmt::format("state is {}", int(seen.state));
  if (s.closed && s.current && seen.state != SLUICE_SLOT_TAIL) return "a closed window has no tail";
  if (!s.window) return std::nullopt;
  if (seen.previous != s.previous)
    return fmt::format("previous is {}, not {}", name_of(seen.previous), name_of(s.previous));
  // Windows may be a little longer than they should be, so that a ring has few ends.
  if (seen.end < s.end || seen.end > s.end + rules.window / 1000)
    return fmt::format("the window ends {} ns late", nanoseconds(seen.end - s.end).count());
  s.end = seen.end;
  return std::nullopt;
}

// Slots of UDP's own there are from a service's first port of UDP on.
bool Reference::has_slots(const Service& service, bool udp) const {
  return !udp || rings_.contains({service.name, udp}) ||
         std::any_of(service.ports.begin(), service.ports.end(),
                     [](const PortRange& p) { return p.protocol == IPPROTO_UDP; });
}

std::optional<std::string> Reference::change(const Setting& setting, const World& world) {
  for (const Service& service : setting.config.services) {
    const std::vector<Member> wanted =
        pure_hash(setting.config.pools.at(service.pool), setting.dead);
    for (const bool udp : {false, true}) {
      if (!has_slots(service, udp)) continue;
      const nanoseconds drain = setting.config.drain;
      const Rules rules = {.window = udp ? std::min<nanoseconds>(drain, kUdp) : drain,
                           .dead = setting.dead,
                           .now = world.now()};
      std::vector<Slot>& ring = rings_[{service.name, udp}];
      const bool first = ring.empty();
      ring.resize(World::kRingSlots);
      const ImageService& seen = world.service(service.name);
      for (size_t i = 0; i < ring.size(); i++) {
        ring[i].wanted = wanted[i];
        change_slot(ring[i], rules, first);
        const auto wrong = compare(ring[i], slot_at(udp ? seen.udp : seen.tcp, i), rules);
        if (wrong)
          return fmt::format("{} slot {}{}: {}", service.name, i, udp ? " of UDP" : "", *wrong);
      }
    }
  }
  return std::nullopt;
}

const Member& Reference::wanted(const Tuple& t) const {
  return rings_.at({t.service, t.udp_ring})[sluice_slot_of(t.hash, World::kRingSlots)].wanted;
}

std::vector<SlotSeen> Reference::slots(const World& world) {
  std::vector<SlotSeen> out;
  for (const ImageService& s : world.live().image.services)
    for (const Slots* slots : {&s.tcp, &s.udp})
      for (size_t i = 0; i < World::kRingSlots; i++) {
        out.push_back(slot_at(*slots, i));
        if (out.back().state == SLUICE_SLOT_CLEAN) out.back().state = SLUICE_SLOT_TAIL;
      }
  return out;
}

}  // namespace sluice::test
