// SPDX-License-Identifier: Apache-2.0
#include "daemon/leftovers.h"

#include <algorithm>

namespace sluice {

Leftovers::Leftovers(const Config& config, const Live& live) : live_(live) {
  for (const Service& s : config.services) services_[s.pool].push_back(s.name);
  for (const auto& [number, r] : live.retired)
    retired_[{r.key.service, r.key.backend}].push_back(number);
}

const std::vector<std::string>& Leftovers::services_of(const std::string& pool) const {
  static const std::vector<std::string> kNone;
  const auto it = services_.find(pool);
  return it == services_.end() ? kNone : it->second;
}

std::vector<uint32_t> Leftovers::numbers_of(const std::string& pool,
                                            const IpAddress& backend) const {
  std::vector<uint32_t> out;
  for (const std::string& service : services_of(pool)) {
    for (InnerFamily f : {InnerFamily::kV4, InnerFamily::kV6})
      if (const auto m = live_.members.find({service, backend, f}); m != live_.members.end())
        out.push_back(m->second.index);
    if (const auto r = retired_.find({service, backend}); r != retired_.end())
      out.insert(out.end(), r->second.begin(), r->second.end());
  }
  return out;
}

// In a window a slot's packets go to its previous backend unless a table knows better.
const std::map<IpAddress, Leftovers::SlotsLeft>& Leftovers::left_in(const Slots& slots) {
  const auto [it, is_new] = left_.try_emplace(&slots);
  if (!is_new || !slots.ring) return it->second;
  std::vector<SlotsLeft> by_position(slots.backends.size());
  for (size_t i = 0; i < slots.ring->size(); i++) {
    const uint32_t word = (*slots.ring)[i];
    const bool in_window = sluice_slot_state_of(word) == SLUICE_SLOT_WINDOW;
    const uint32_t at = in_window ? sluice_slot_previous(word) : sluice_slot_current(word);
    if (at >= by_position.size()) continue;
    by_position[at].slots++;
    if (!in_window) continue;
    std::optional<Time>& end = by_position[at].end;
    end = std::max(end.value_or(Time::min()), slots.ends[slots.window[i]]);
  }
  for (size_t i = 0; i < by_position.size(); i++)
    if (by_position[i].slots > 0) it->second.emplace(slots.backends[i], by_position[i]);
  return it->second;
}

api::Remaining Leftovers::remaining_of(const std::string& pool, const IpAddress& backend,
                                       const Sweep* sweep, Time now) {
  api::Remaining out = {.known = sweep != nullptr};
  if (sweep)
    for (const uint32_t number : numbers_of(pool, backend))
      if (const auto flows = sweep->members.find(number); flows != sweep->members.end()) {
        out.flows += flows->second.living;
        out.closing += flows->second.closing;
      }
  for (const std::string& service : services_of(pool)) {
    const ImageService* const image = find_service(live_.image, service);
    if (!image) continue;
    for (const Slots* slots : {&image->tcp, &image->udp}) {
      if (!image->uses(*slots)) continue;
      const std::map<IpAddress, SlotsLeft>& left = left_in(*slots);
      const auto its = left.find(backend);
      if (its == left.end()) continue;
      out.slots += its->second.slots;
      if (its->second.end)
        out.window_ends_in = std::max(
            out.window_ends_in, std::chrono::duration<double>(*its->second.end - now).count());
    }
  }
  return out;
}

}  // namespace sluice
