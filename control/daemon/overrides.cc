// SPDX-License-Identifier: Apache-2.0
#include "daemon/overrides.h"

#include <algorithm>
#include <ctime>

namespace sluice {

Moment Moment::now() {
  return {std::chrono::steady_clock::now(), std::time(nullptr)};
}

std::string to_string(const OverrideKey& key) {
  if (const IpAddress* address = std::get_if<IpAddress>(&key)) return address->to_string();
  const BackendRef& ref = std::get<BackendRef>(key);
  return ref.pool + "/" + ref.backend;
}

const char* word_for(SavedOverride::Kind kind) {
  switch (kind) {
    case SavedOverride::Kind::kReady:
      return "ready";
    case SavedOverride::Kind::kDrain:
      return "drain";
    case SavedOverride::Kind::kDisable:
      return "disable";
  }
  return "";
}

std::vector<Overrides::const_pointer> overrides_of(const Overrides& all, const BackendRef& backend,
                                                   const IpAddress& address) {
  std::vector<Overrides::const_pointer> out;
  for (const OverrideKey& key : {OverrideKey(backend), OverrideKey(address)})
    if (const auto found = all.find(key); found != all.end()) out.push_back(&*found);
  std::ranges::stable_sort(out, std::ranges::greater(),
                           [](Overrides::const_pointer o) { return o->second.kind; });
  return out;
}

std::optional<Time> next_end(const Overrides& all) {
  std::optional<Time> first;
  for (const auto& [key, o] : all)
    if (o.ends && (!first || *o.ends < *first)) first = o.ends;
  return first;
}

std::optional<int64_t> wall_end(const SavedOverride& o, const Moment& now) {
  if (!o.ends) return std::nullopt;
  return now.wall + std::chrono::ceil<std::chrono::seconds>(*o.ends - now.steady).count();
}

}  // namespace sluice
