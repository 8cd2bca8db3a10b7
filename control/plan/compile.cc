// SPDX-License-Identifier: Apache-2.0
#include "plan/compile.h"

namespace sluice {

namespace {

bool has_frontend(const DesiredService& service, InnerFamily family) {
  for (const Frontend& f : service.frontends)
    if (f.family() == family) return true;
  return false;
}

RingCache::Key ring_key(const DesiredService& s, const Desired& desired) {
  RingCache::Key key = {.members = {}, .size = desired.ring_size, .seed = desired.seed};
  for (const DesiredMember& m : s.members)
    key.members.emplace_back(m.address, m.life == SLUICE_LIFE_DEAD ? 0 : m.weight);
  return key;
}

SlotChange change_for(const DesiredService& s, const Desired& desired, RingPtr wanted, Time now) {
  SlotChange change = {.backends = {},
                       .wanted = std::move(wanted),
                       .dead = {},
                       .window = desired.drain,
                       .remembers = s.tracking != Tracking::kNever,
                       .now = now};
  for (const DesiredMember& m : s.members) {
    change.backends.push_back(m.address);
    if (m.life == SLUICE_LIFE_DEAD) change.dead.insert(m.address);
  }
  if (!change.remembers) change.window = std::chrono::nanoseconds(0);
  return change;
}

std::chrono::nanoseconds udp_window(std::chrono::nanoseconds drain) {
  return std::min<std::chrono::nanoseconds>(drain, kUdpWindow);
}

// The slots of a ring of another size are other flows': it comes when all of those are remembered.
Slots next_slots(const Slots& before, const SlotChange& change, const Desired& desired) {
  const bool same_size = !before.ring || before.ring->size() == desired.ring_size;
  if (same_size) return change_slots(before, change);
  return change.remembers ? slots_of_remembered(change) : change_slots({}, change);
}

void compile_slots(ImageService& s, const ImageService* before, SlotChange change,
                   const Desired& desired) {
  s.tcp = next_slots(before ? before->tcp : Slots{}, change, desired);
  // It is as large as the other one. Once there were flows in it, it goes on.
  if (!s.uses(s.udp) && !(before && before->udp.ring)) return;
  change.window = udp_window(change.window);
  const bool had_its_own = before && (before->udp.ring || before->uses(before->udp));
  // A service of any protocol had UDP flows in the other ring until now.
  const Slots begin = !before ? Slots{} : had_its_own ? before->udp : before->tcp;
  s.udp = next_slots(begin, change, desired);
}

ImageService compile_service(const DesiredService& s, const Desired& desired, RingPtr wanted,
                             const ImageService* before, Time now) {
  ImageService out = {.name = s.name,
                      .frontends = s.frontends,
                      .members = {},
                      .tcp = {},
                      .udp = {},
                      .hash = s.hash,
                      .empty = s.empty,
                      .tracking = s.tracking,
                      .complete_at = now + udp_window(desired.drain)};
  if (before && before->tracking == Tracking::kAlways) out.complete_at = before->complete_at;
  out.complete = s.tracking == Tracking::kAlways && now >= out.complete_at;
  for (const DesiredMember& m : s.members)
    out.members.push_back({m.backend, m.weight, m.address, m.life});
  SlotChange change = change_for(s, desired, std::move(wanted), now);
  // A SYN of a CLEAN slot is looked up no more, so what is left of all flows would stay as it is.
  change.doubts =
      before && before->tracking == Tracking::kAlways && s.tracking != Tracking::kAlways;
  compile_slots(out, before, change, desired);
  return out;
}

sluice_member with_life(sluice_member m, sluice_life life) {
  m.life = life;
  return m;
}

}  // namespace

Image compile(const Desired& desired, RingCache& rings, const Image& before, Time now) {
  Image image = {.ring_size = desired.ring_size,
                 .members = {},
                 .services = {},
                 .macs = desired.macs,
                 .sources = desired.sources,
                 .tunnel_ports = desired.tunnel_ports};
  std::vector<RingCache::Key> keys;
  for (const DesiredService& s : desired.services) keys.push_back(ring_key(s, desired));
  rings.prepare(keys);
  for (size_t i = 0; i < keys.size(); i++) {
    const DesiredService& s = desired.services[i];
    for (const DesiredMember& m : s.members)
      for (InnerFamily f : {InnerFamily::kV4, InnerFamily::kV6})
        if (has_frontend(s, f))
          image.members.insert_or_assign(image.members.end(), {s.name, m.address, f},
                                         with_life(m.head(f), m.life));
    image.services.push_back(
        compile_service(s, desired, rings.get(keys[i]), find_service(before, s.name), now));
  }
  rings.drop_unused();
  return image;
}

}  // namespace sluice
