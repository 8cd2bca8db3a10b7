// SPDX-License-Identifier: Apache-2.0
#include "plan/history.h"

#include <algorithm>

namespace sluice {

bool History::keeps_old_rings(const Config& config, Time now) const {
  if (config.ring_size == live_.image.ring_size || (ring_due_ && now >= *ring_due_)) return false;
  const auto& services = live_.image.services;
  return std::any_of(services.begin(), services.end(),
                     [](const ImageService& s) { return s.tracking != Tracking::kNever; });
}

Config History::with_old_rings(Config config) const {
  config.ring_size = live_.image.ring_size;
  for (Service& s : config.services)
    if (s.tracking == Tracking::kAdaptive) s.tracking = Tracking::kAlways;
  return config;
}

History::Next History::next(const Config& wanted, const NextHops& next_hops,
                            const std::vector<MacAddress>& macs, Time now,
                            const std::set<IpAddress>& dead) {
  const Config config = keeps_old_rings(wanted, now) ? with_old_rings(wanted) : wanted;
  Leaving gone = leaving(config);
  const Image before = settled_ ? settle(live_.image, *settled_) : live_.image;
  Image image = compile(desire(config, next_hops, macs, gone, dead), rings_, before, now);
  return {std::move(image), std::move(gone)};
}

void History::go_live(Plan plan, const Config& config, Leaving leaving, Time now) {
  // Flows may have come to any member since the last round.
  if (!plan.empty()) {
    published_ = now;
    quiet_ = {};
  }
  live_ = std::move(plan.next);
  if (live_.image.ring_size == config.ring_size)
    ring_due_.reset();
  else if (!ring_due_)
    ring_due_ = now + config.drain;
  settled_.reset();
  backends_.learn(config, leaving);
  leaving_ = std::move(leaving);
}

bool History::is_due(Time now) const {
  if (settled_ || (ring_due_ && now >= *ring_due_)) return true;
  for (const ImageService& s : live_.image.services) {
    if (next_end(s.tcp) <= now || next_end(s.udp) <= now) return true;
    if (s.tracking == Tracking::kAlways && !s.complete && now >= s.complete_at) return true;
  }
  return false;
}

void History::take(const Sweep& sweep) {
  quiet_.add(sweep, live_, published_);
  release_numbers(live_, quiet_);
  if (has_left_or_tails()) settled_ = sweep;
}

// Is there anything that a round could be the end of?
bool History::has_left_or_tails() const {
  if (!leaving_.empty()) return true;
  for (const ImageService& s : live_.image.services)
    if (!s.tcp.quiet.empty() || !s.udp.quiet.empty()) return true;
  return false;
}

}  // namespace sluice
