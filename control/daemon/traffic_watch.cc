// SPDX-License-Identifier: Apache-2.0
#include "daemon/traffic_watch.h"

namespace sluice {

namespace {

// Looks that follow each other sooner tell no rate, and are none.
constexpr std::chrono::milliseconds kShortest(500);

}  // namespace

void TrafficWatch::note(const IpAddress& backend, const std::string& pool, uint64_t packets,
                        Time now) {
  const auto [it, is_new] = seen_.try_emplace({pool, backend}, Seen{packets, 0, now, now});
  Seen& seen = it->second;
  if (is_new) return;
  if (packets < seen.packets) {
    seen = {packets, 0, now, now};
    return;
  }
  if (now - seen.at < kShortest) return;
  if (packets > seen.packets) seen.moved = now;
  seen.per_second =
      double(packets - seen.packets) / std::chrono::duration<double>(now - seen.at).count();
  seen.packets = packets;
  seen.at = now;
}

const TrafficWatch::Seen* TrafficWatch::find(const IpAddress& backend,
                                             const std::string& pool) const {
  const auto it = seen_.find({pool, backend});
  return it == seen_.end() ? nullptr : &it->second;
}

void TrafficWatch::forget_before(Time then) {
  std::erase_if(seen_, [&](const auto& s) { return s.second.at < then; });
}

}  // namespace sluice
