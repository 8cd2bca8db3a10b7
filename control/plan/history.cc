// SPDX-License-Identifier: Apache-2.0
#include "plan/history.h"

#include <algorithm>

namespace sluice {

bool History::keeps_old_rings(const Config& config, Time now) const {
  if (config.ring_size == past_.live.image.ring_size || (past_.ring_due && now >= *past_.ring_due))
    return false;
  const auto& services = past_.live.image.services;
  return std::any_of(services.begin(), services.end(),
                     [](const ImageService& s) { return s.tracking != Tracking::kNever; });
}

Config History::with_old_rings(Config config) const {
  config.ring_size = past_.live.image.ring_size;
  for (Service& s : config.services)
    if (s.tracking == Tracking::kAdaptive) s.tracking = Tracking::kAlways;
  return config;
}

History::Next History::next(const Config& wanted, const NextHops& next_hops,
                            const std::vector<MacAddress>& macs, Time now,
                            const Conditions& conditions) {
  std::optional<Config> old;
  if (keeps_old_rings(wanted, now)) old = with_old_rings(wanted);
  const Config& config = old ? *old : wanted;
  Leaving gone = leaving(config);
  const Desired desired = desire(config, next_hops, macs, gone, conditions);
  Image image = settled_ ? compile(desired, rings_, settle(past_.live.image, *settled_), now)
                         : compile(desired, rings_, past_.live.image, now);
  return {std::move(image), std::move(gone)};
}

Past History::after(Plan& plan, const Config& config, Leaving leaving, Time now) const {
  Past out = {.live = {},
              .published = past_.published,
              .ring_due = past_.ring_due,
              .quiet = past_.quiet,
              .backends = past_.backends.next(config, leaving),
              .leaving = {}};
  // Flows may have come to any member since the last round.
  if (!plan.empty()) {
    out.published = now;
    out.quiet = {};
  }
  out.live = std::move(plan.next);
  if (out.live.image.ring_size == config.ring_size)
    out.ring_due.reset();
  else if (!out.ring_due)
    out.ring_due = now + config.drain;
  out.leaving = std::move(leaving);
  return out;
}

void History::go_live(Past past, Time now) {
  if (past.published != past_.published) past.published = now;
  past_ = std::move(past);
  settled_.reset();
}

bool History::is_due(Time now) const {
  if (settled_ || (past_.ring_due && now >= *past_.ring_due)) return true;
  for (const ImageService& s : past_.live.image.services) {
    if (next_end(s.tcp) <= now || next_end(s.udp) <= now) return true;
    if (s.tracking == Tracking::kAlways && !s.complete && now >= s.complete_at) return true;
  }
  return false;
}

void History::take(const Sweep& sweep) {
  past_.quiet.add(sweep, past_.live, past_.published);
  release_numbers(past_.live, past_.quiet);
  if (has_left_or_tails()) settled_ = sweep;
}

// Is there anything that a round could be the end of?
bool History::has_left_or_tails() const {
  if (!past_.leaving.empty()) return true;
  for (const ImageService& s : past_.live.image.services)
    if (!s.tcp.quiet.empty() || !s.udp.quiet.empty()) return true;
  return false;
}

}  // namespace sluice
