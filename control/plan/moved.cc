// SPDX-License-Identifier: Apache-2.0
#include "plan/moved.h"

namespace sluice {

namespace {

// Positions of `from` in terms of `to`'s. A backend that is not there any more has a place where
// nobody is, as have slots that nobody has had: behind the last one of each.
std::vector<uint32_t> places_in(const Slots& from, const Slots& to) {
  std::map<IpAddress, uint32_t> places;
  for (uint32_t i = 0; i < to.backends.size(); i++) places.emplace(to.backends[i], i);
  std::vector<uint32_t> out;
  for (const IpAddress& a : from.backends) {
    const auto it = places.find(a);
    out.push_back(it == places.end() ? to.nobody() + 1 : it->second);
  }
  out.push_back(to.nobody());
  return out;
}

double share_moved(const Slots& from, const Slots& to) {
  if (from.ring == to.ring && from.backends == to.backends) return 0.0;
  if (!from.ring || !to.ring) return 1.0;
  if (from.ring->size() != to.ring->size()) return 1.0;
  const std::vector<uint32_t> places = places_in(from, to);
  size_t moved = 0;
  for (size_t slot = 0; slot < to.ring->size(); slot++)
    moved +=
        places[sluice_slot_current((*from.ring)[slot])] != sluice_slot_current((*to.ring)[slot]);
  return double(moved) / double(to.ring->size());
}

}  // namespace

std::vector<Moved> shares_moved(const Image& from, const Image& to) {
  std::vector<Moved> out;
  for (const ImageService& s : to.services) {
    const ImageService* const old = find_service(from, s.name);
    if (!old) continue;
    if (const double share = share_moved(old->tcp, s.tcp); share > 0)
      out.push_back({s.name, share});
  }
  return out;
}

}  // namespace sluice
