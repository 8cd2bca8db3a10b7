// SPDX-License-Identifier: Apache-2.0
#include "plan/compile.h"

#include "maglev/maglev.h"

namespace sluice {

namespace {

RingPtr compute_ring(const RingCache::Key& key) {
  std::vector<RingBackend> backends;
  for (const auto& [address, weight] : key.members)
    backends.push_back({.id = address.to_string(), .weight = weight});
  const std::vector<uint16_t> slots = maglev_ring(backends, key.size, key.seed);
  if (slots.empty()) return nullptr;
  return std::make_shared<const Ring>(slots.begin(), slots.end());
}

bool has_frontend(const DesiredService& service, InnerFamily family) {
  for (const Frontend& f : service.frontends)
    if (f.family() == family) return true;
  return false;
}

}  // namespace

RingPtr RingCache::get(const Key& key) {
  if (auto it = current_.find(key); it != current_.end()) return it->second;
  const auto old = last_.find(key);
  const RingPtr ring = old != last_.end() ? old->second : compute_ring(key);
  return current_.emplace(key, ring).first->second;
}

void RingCache::drop_unused() {
  last_ = std::move(current_);
  current_.clear();
}

namespace {

const ImageService* find_service(const Image& image, const std::string& name) {
  for (const ImageService& s : image.services)
    if (s.name == name) return &s;
  return nullptr;
}

SlotChange change_for(const DesiredService& s, const Desired& desired, RingCache& rings, Time now) {
  RingCache::Key key = {.members = {}, .size = desired.ring_size, .seed = desired.seed};
  SlotChange change = {.backends = {},
                       .wanted = nullptr,
                       .dead = {},
                       .window = desired.drain,
                       .remembers = s.tracking != Tracking::kNever,
                       .now = now};
  for (const DesiredMember& m : s.members) {
    key.members.emplace_back(m.address, m.life == SLUICE_LIFE_DEAD ? 0 : m.weight);
    change.backends.push_back(m.address);
    if (m.life == SLUICE_LIFE_DEAD) change.dead.insert(m.address);
  }
  change.wanted = rings.get(key);
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
  change.window = udp_window(change.window);
  s.udp = next_slots(before ? before->udp : Slots{}, change, desired);
}

ImageService compile_service(const DesiredService& s, const Desired& desired, RingCache& rings,
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
  SlotChange change = change_for(s, desired, rings, now);
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
  for (const DesiredService& s : desired.services) {
    for (const DesiredMember& m : s.members)
      for (InnerFamily f : {InnerFamily::kV4, InnerFamily::kV6})
        if (has_frontend(s, f))
          image.members[{s.name, m.address, f}] = with_life(m.head(f), m.life);
    image.services.push_back(compile_service(s, desired, rings, find_service(before, s.name), now));
  }
  rings.drop_unused();
  return image;
}

}  // namespace sluice
