// SPDX-License-Identifier: Apache-2.0
#include "daemon/saved_past.h"

#include <algorithm>

#include "daemon/saved_image.h"

namespace sluice::saved {

namespace {

// ---- Members.

struct MemberRow {
  uint8_t backend[16];
  uint32_t service;
  uint32_t family;
  uint32_t number;
  uint32_t incarnation;
  uint32_t retired;
};

Json members_json(const Live& live, TextPlaces& texts) {
  std::vector<MemberRow> out;
  const auto add = [&](const MemberKey& key, uint32_t number, uint32_t incarnation, bool retired) {
    out.push_back({.backend = {},
                   .service = texts.place(key.service),
                   .family = uint32_t(key.family),
                   .number = number,
                   .incarnation = incarnation,
                   .retired = retired});
    std::ranges::copy(key.backend.bytes(), out.back().backend);
  };
  for (const auto& [key, m] : live.members) add(key, m.index, m.value.incarnation, false);
  for (const auto& [number, r] : live.retired) add(r.key, number, r.value.incarnation, true);
  return rows(out);
}

void members_of(const Json& j, const Texts& texts, Live& live) {
  for (const MemberRow& row : rows_of<MemberRow>(j)) {
    const MemberKey key = {texts.at(row.service), address_in(row.backend),
                           row.family ? InnerFamily::kV6 : InnerFamily::kV4};
    sluice_member value = {};
    value.incarnation = row.incarnation;
    if (row.retired)
      live.retired.emplace(row.number, Retired{key, value});
    else
      live.members.emplace(key, LiveMember{row.number, value});
  }
}

// ---- Backends, past and present, with how they are reached.

Json forward_json(const Forward& f) {
  return {{"tunnel", int(f.tunnel)},
          {"source_v4", f.source_v4 ? f.source_v4->to_string() : ""},
          {"source_v6", f.source_v6 ? f.source_v6->to_string() : ""},
          {"port", f.port},
          {"port_v6", f.port_v6},
          {"gue_variant", f.gue_variant},
          {"vni", f.vni},
          {"checksum_v6", f.checksum_v6}};
}

Forward forward_of(const Json& j) {
  const auto source = [&](const char* name) {
    return j.at(name) == "" ? std::nullopt : std::optional<IpPrefix>(prefix_of(j.at(name)));
  };
  return {.tunnel = enum_of(j.at("tunnel"), Tunnel::kGeneve),
          .source_v4 = source("source_v4"),
          .source_v6 = source("source_v6"),
          .port = j.at("port").get<uint16_t>(),
          .port_v6 = j.at("port_v6").get<uint16_t>(),
          .gue_variant = j.at("gue_variant").get<uint8_t>(),
          .vni = j.at("vni").get<uint32_t>(),
          .checksum_v6 = j.at("checksum_v6").get<bool>()};
}

// Thousands of backends are reached in one or two ways.
class Forwards {
 public:
  size_t place(const Forward& f) {
    for (size_t i = 0; i < known_.size(); i++)
      if (known_[i] == f) return i;
    known_.push_back(f);
    return known_.size() - 1;
  }
  Json json() const {
    Json out = Json::array();
    for (const Forward& f : known_) out.push_back(forward_json(f));
    return out;
  }

 private:
  std::vector<Forward> known_;
};

struct BackendRow {
  uint8_t address[16];
  uint32_t service, name, weight, forward;
};

class BackendRows {
 public:
  BackendRows(TextPlaces& texts, Forwards& forwards) : texts_(texts), forwards_(forwards) {}
  void add(const std::string& service, const Backend& b) {
    rows_.push_back({.address = {},
                     .service = texts_.place(service),
                     .name = texts_.place(b.name),
                     .weight = b.weight,
                     .forward = uint32_t(forwards_.place(b.forward))});
    std::ranges::copy(b.address.bytes(), rows_.back().address);
  }
  Json json() const { return rows(rows_); }

 private:
  TextPlaces& texts_;
  Forwards& forwards_;
  std::vector<BackendRow> rows_;
};

Backend backend_of(const BackendRow& row, const Texts& texts,
                   const std::vector<Forward>& forwards) {
  return {.name = texts.at(row.name),
          .address = address_in(row.address),
          .weight = row.weight,
          .forward = forwards.at(row.forward)};
}

Json backends_json(const Past& past, TextPlaces& texts) {
  Forwards forwards;
  BackendRows known(texts, forwards), leaving(texts, forwards);
  for (const auto& [service, backends] : past.backends.services())
    for (const auto& [address, b] : *backends) known.add(service, b);
  for (const auto& [service, backends] : past.leaving)
    for (const Backend& b : backends) leaving.add(service, b);
  return {{"known", known.json()}, {"leaving", leaving.json()}, {"forwards", forwards.json()}};
}

void backends_of(const Json& j, const Texts& texts, Past& past) {
  std::vector<Forward> forwards;
  for (const Json& f : j.at("forwards")) forwards.push_back(forward_of(f));
  std::map<std::string, KnownBackends::Backends> by_service;
  for (const BackendRow& row : rows_of<BackendRow>(j.at("known"))) {
    const Backend backend = backend_of(row, texts, forwards);
    by_service[texts.at(row.service)].emplace(backend.address, backend);
  }
  KnownBackends::Services known;
  for (auto& [service, backends] : by_service)
    known.emplace(service, std::make_shared<const KnownBackends::Backends>(std::move(backends)));
  past.backends = KnownBackends(std::move(known));
  for (const BackendRow& row : rows_of<BackendRow>(j.at("leaving")))
    past.leaving[texts.at(row.service)].push_back(backend_of(row, texts, forwards));
}

}  // namespace

Json past_json(const Past& past) {
  const Live& live = past.live;
  TextPlaces texts;
  Json out = {{"image", image_json(live, texts)},
              {"members", members_json(live, texts)},
              {"incarnation", live.incarnation},
              {"prefix_number", live.prefix_number},
              {"prefixes", rows(live.prefixes)},
              {"published", time_json(past.published)},
              {"ring_due", past.ring_due ? time_json(*past.ring_due) : Json()},
              {"backends", backends_json(past, texts)}};
  out["texts"] = texts.json();
  return out;
}

Past past_of(const Json& j, std::map<std::string, RingNumbers>& rings) {
  const Texts texts(j.at("texts"));
  Past past;
  past.live.image = image_of(j.at("image"), texts, rings);
  members_of(j.at("members"), texts, past.live);
  j.at("incarnation").get_to(past.live.incarnation);
  j.at("prefix_number").get_to(past.live.prefix_number);
  past.live.prefixes = rows_of<PrefixEntry>(j.at("prefixes"));
  past.published = time_of(j.at("published"));
  if (!j.at("ring_due").is_null()) past.ring_due = time_of(j.at("ring_due"));
  backends_of(j.at("backends"), texts, past);
  return past;
}

}  // namespace sluice::saved
