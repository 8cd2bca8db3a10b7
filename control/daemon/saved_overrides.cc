// SPDX-License-Identifier: Apache-2.0
#include "daemon/saved_overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "daemon/override_store.h"

namespace sluice {

namespace {

using Json = nlohmann::json;
using Kind = SavedOverride::Kind;

constexpr int kFormat = 1;
constexpr int64_t kLongest = int64_t(10) * 366 * 24 * 3600;  // seconds that one may have, or more
constexpr size_t kLongestText = 512;  // of names, reasons and users, with room for later

Json json_of(const OverrideKey& key, const SavedOverride& o, const Moment& now) {
  Json out = {{"what", word_for(o.kind)}, {"since", o.since}, {"by", o.by}, {"reason", o.reason}};
  if (const BackendRef* ref = std::get_if<BackendRef>(&key)) {
    out["pool"] = ref->pool;
    out["backend"] = ref->backend;
  } else {
    out["address"] = std::get<IpAddress>(key).to_string();
  }
  if (const std::optional<int64_t> until = wall_end(o, now)) {
    out["until"] = *until;
    out["lasts"] = o.lasts.count();
  }
  return out;
}

std::string text_in(const Json& j, const char* name) {
  std::string text = j.at(name).get<std::string>();
  if (text.size() > kLongestText) throw std::runtime_error("a text that is too long");
  return text;
}

// Of seconds; nothing of ours is negative, or beyond the year 9999.
int64_t number_in(const Json& j, const char* name) {
  constexpr int64_t kLargest = 253'402'300'799;
  return std::clamp<int64_t>(j.at(name).get<int64_t>(), 0, kLargest);
}

OverrideKey key_in(const Json& j) {
  if (!j.contains("address")) return BackendRef{text_in(j, "pool"), text_in(j, "backend")};
  const std::optional<IpAddress> address = IpAddress::parse(text_in(j, "address"));
  if (!address) throw std::runtime_error("no address");
  return *address;
}

Kind kind_in(const Json& j) {
  const std::string word = text_in(j, "what");
  for (const Kind kind : {Kind::kReady, Kind::kDrain, Kind::kDisable})
    if (word == word_for(kind)) return kind;
  throw std::runtime_error("\"" + word + "\" is unknown to this version");
}

// One that has an end, and no time until then, is over.
SavedOverride override_in(const Json& j, const Moment& now) {
  SavedOverride out = {.kind = kind_in(j),
                       .since = number_in(j, "since"),
                       .by = text_in(j, "by"),
                       .reason = text_in(j, "reason")};
  if (!j.contains("until")) return out;
  const int64_t lasts = std::min(number_in(j, "lasts"), kLongest);
  const int64_t left = std::clamp<int64_t>(number_in(j, "until") - now.wall, 0, lasts);
  out.lasts = std::chrono::seconds(lasts);
  out.ends = now.steady + std::chrono::seconds(left);
  return out;
}

void read_one(const Json& j, const Moment& now, ReadOverrides& out) {
  try {
    const OverrideKey key = key_in(j);
    SavedOverride o = override_in(j, now);
    if (o.ends && *o.ends <= now.steady)
      out.over.push_back(to_string(key));
    else
      out.overrides.insert_or_assign(key, std::move(o));
  } catch (const std::exception& e) {
    out.strange = e.what();
  }
}

}  // namespace

Json json_of(const Overrides& overrides, const Moment& now) {
  Json list = Json::array();
  for (const auto& [key, o] : overrides) list.push_back(json_of(key, o, now));
  return {{"holds", "overrides"}, {"format", kFormat}, {"overrides", std::move(list)}};
}

Result<ReadOverrides> overrides_of_json(const Json& json, const Moment& now) {
  if (!json.is_object() || json.value("holds", Json()) != "overrides")
    return Error{"it holds no overrides"};
  const Json format = json.value("format", Json());
  if (format != kFormat) return Error{"another version wrote it, format " + format.dump()};
  const Json list = json.value("overrides", Json());
  if (!list.is_array() || list.size() > OverrideStore::kMost)
    return Error{"it has no list of overrides, or too long a one"};
  ReadOverrides out;
  for (const Json& j : list) read_one(j, now, out);
  return out;
}

}  // namespace sluice
