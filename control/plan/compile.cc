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

Image compile(const Desired& desired, RingCache& rings) {
  Image image = {.members = {},
                 .services = {},
                 .macs = desired.macs,
                 .sources = desired.sources,
                 .tunnel_ports = desired.tunnel_ports};
  for (const DesiredService& s : desired.services) {
    RingCache::Key key = {.members = {}, .size = desired.ring_size, .seed = desired.seed};
    ImageService service = {.name = s.name,
                            .frontends = s.frontends,
                            .members = {},
                            .ring = nullptr,
                            .hash = s.hash,
                            .empty = s.empty};
    for (const DesiredMember& m : s.members) {
      key.members.emplace_back(m.address, m.weight);
      service.members.push_back({m.backend, m.weight, m.address});
      for (InnerFamily f : {InnerFamily::kV4, InnerFamily::kV6})
        if (has_frontend(s, f)) image.members[{s.name, m.address, f}] = m.head(f);
    }
    service.ring = rings.get(key);
    image.services.push_back(std::move(service));
  }
  rings.drop_unused();
  return image;
}

}  // namespace sluice
