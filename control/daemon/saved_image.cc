// SPDX-License-Identifier: Apache-2.0
#include "daemon/saved_image.h"

#include <algorithm>
#include <unordered_map>

namespace sluice::saved {

namespace {

// ---- Slots, but for the rings themselves.

Json slots_json(const Slots& s, uint32_t ring) {
  if (ring == SLUICE_NO_RING) return {};
  std::vector<IpAddress::Bytes> backends;
  for (const IpAddress& a : s.backends) backends.push_back(a.bytes());
  std::vector<int64_t> ends;
  for (const Time t : s.ends) ends.push_back(t.time_since_epoch().count());
  return Json::array({rows(backends), slot_values(s.window), rows(ends), slot_values(s.quiet),
                      time_json(s.changed)});
}

Slots slots_of(const Json& j) {
  Slots s;
  if (j.is_null()) return s;
  for (const IpAddress::Bytes& bytes : rows_of<IpAddress::Bytes>(j.at(0)))
    s.backends.emplace_back(bytes);
  s.window = slot_values_of<uint16_t>(j.at(1));
  for (const int64_t end : rows_of<int64_t>(j.at(2))) s.ends.emplace_back(Time::duration(end));
  const auto has_end = [&](uint16_t w) { return w < s.ends.size(); };
  if (!s.window.empty() &&
      !(has_end(s.window.same()) && std::ranges::all_of(s.window.each(), has_end)))
    throw std::runtime_error("a window without an end");
  s.quiet = slot_values_of<uint8_t>(j.at(3));
  s.changed = time_of(j.at(4));
  return s;
}

// ---- Services: a row each, and their frontends and members in rows of their own, one service's
// behind the other's.

struct ServiceRow {
  int64_t complete_at;
  uint32_t name, frontends, members;
  RingNumbers rings;
  uint8_t hash, empty, tracking, complete;
};

struct FrontendRow {
  uint8_t vip[16];
  uint16_t first, last;
  uint8_t length, protocol;
};

struct ImageMemberRow {
  uint8_t address[16];
  uint32_t name, weight, life;
};

FrontendRow row_of(const Frontend& f) {
  FrontendRow row = {.vip = {},
                     .first = f.ports.first,
                     .last = f.ports.last,
                     .length = uint8_t(f.vip.length),
                     .protocol = f.ports.protocol};
  std::ranges::copy(f.vip.address.bytes(), row.vip);
  return row;
}

ImageMemberRow row_of(const ImageMember& m, TextPlaces& texts) {
  ImageMemberRow row = {
      .address = {}, .name = texts.place(m.backend), .weight = m.weight, .life = m.life};
  std::ranges::copy(m.address.bytes(), row.address);
  return row;
}

Frontend frontend_of(const FrontendRow& row) {
  const IpAddress address = address_in(row.vip);
  if (row.length > (address.is_v4() ? 32 : 128)) throw std::runtime_error("no prefix");
  return {{address, row.length}, {row.first, row.last, row.protocol}};
}

ImageMember member_of(const ImageMemberRow& row, const Texts& texts) {
  return {.backend = texts.at(row.name),
          .weight = row.weight,
          .address = address_in(row.address),
          .life = checked(row.life, SLUICE_LIFE_DRAINING)};
}

// The number of a ring; SLUICE_NO_RING where it has none.
using NumberOf = std::unordered_map<const Ring*, uint32_t>;
uint32_t number_of(const RingPtr& ring, const NumberOf& numbers) {
  const auto it = numbers.find(ring.get());
  return !ring || it == numbers.end() ? uint32_t(SLUICE_NO_RING) : it->second;
}

Json services_json(const Live& live, TextPlaces& texts) {
  NumberOf numbers;
  for (const auto& [number, ring] : live.rings) numbers.emplace(ring.get(), number);
  std::vector<ServiceRow> services;
  std::vector<FrontendRow> frontends;
  std::vector<ImageMemberRow> members;
  Json slots = Json::array();
  for (const ImageService& s : live.image.services) {
    const RingNumbers rings = {number_of(s.tcp.ring, numbers), number_of(s.udp.ring, numbers)};
    services.push_back({.complete_at = s.complete_at.time_since_epoch().count(),
                        .name = texts.place(s.name),
                        .frontends = uint32_t(s.frontends.size()),
                        .members = uint32_t(s.members.size()),
                        .rings = rings,
                        .hash = uint8_t(s.hash),
                        .empty = uint8_t(s.empty),
                        .tracking = uint8_t(s.tracking),
                        .complete = s.complete});
    for (const Frontend& f : s.frontends) frontends.push_back(row_of(f));
    for (const ImageMember& m : s.members) members.push_back(row_of(m, texts));
    slots.push_back(slots_json(s.tcp, rings.tcp));
    slots.push_back(slots_json(s.udp, rings.udp));
  }
  return {{"services", rows(services)},
          {"frontends", rows(frontends)},
          {"members", rows(members)},
          {"slots", std::move(slots)}};
}

std::vector<ImageService> services_of(const Json& j, const Texts& texts,
                                      std::map<std::string, RingNumbers>& rings) {
  const auto frontends = rows_of<FrontendRow>(j.at("frontends"));
  const auto members = rows_of<ImageMemberRow>(j.at("members"));
  const Json& slots = j.at("slots");
  std::vector<ImageService> out;
  size_t frontend = 0, member = 0;
  for (const ServiceRow& row : rows_of<ServiceRow>(j.at("services"))) {
    const size_t place = out.size() * 2;
    ImageService s = {.name = texts.at(row.name),
                      .frontends = {},
                      .members = {},
                      .tcp = slots_of(slots.at(place)),
                      .udp = slots_of(slots.at(place + 1)),
                      .hash = checked(row.hash, HashFields::kSourceAndVip),
                      .empty = checked(row.empty, EmptyPolicy::kReset),
                      .tracking = checked(row.tracking, Tracking::kNever),
                      .complete_at = Time(Time::duration(row.complete_at)),
                      .complete = row.complete != 0};
    for (uint32_t i = 0; i < row.frontends; i++)
      s.frontends.push_back(frontend_of(frontends.at(frontend++)));
    for (uint32_t i = 0; i < row.members; i++)
      s.members.push_back(member_of(members.at(member++), texts));
    rings[s.name] = row.rings;
    out.push_back(std::move(s));
  }
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  if (!std::ranges::is_sorted(out, by_name)) throw std::runtime_error("services in no order");
  return out;
}

}  // namespace

Json image_json(const Live& live, TextPlaces& texts) {
  const Image& image = live.image;
  Json macs = Json::array(), sources = Json::array();
  for (const MacAddress& m : image.macs) macs.push_back(m.to_string());
  for (const IpPrefix& p : image.sources) sources.push_back(p.to_string());
  Json out = services_json(live, texts);
  out["ring_size"] = image.ring_size;
  out["macs"] = std::move(macs);
  out["sources"] = std::move(sources);
  out["tunnel_ports"] = image.tunnel_ports;
  return out;
}

Image image_of(const Json& j, const Texts& texts, std::map<std::string, RingNumbers>& rings) {
  Image image;
  j.at("ring_size").get_to(image.ring_size);
  image.services = services_of(j, texts, rings);
  for (const Json& m : j.at("macs")) {
    const auto mac = MacAddress::parse(m.get<std::string>());
    if (!mac) throw std::runtime_error("no MAC address");
    image.macs.push_back(*mac);
  }
  for (const Json& p : j.at("sources")) image.sources.push_back(prefix_of(p));
  j.at("tunnel_ports").get_to(image.tunnel_ports);
  return image;
}

}  // namespace sluice::saved
