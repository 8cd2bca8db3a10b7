// SPDX-License-Identifier: Apache-2.0
#include "daemon/saved_past.h"

#include <algorithm>

namespace sluice::saved {

namespace {

// ---- Members.

struct MemberRow {
  uint8_t backend[16];
  uint32_t service;  // its place in the names
  uint32_t family;
  uint32_t number;
  uint32_t incarnation;
  uint32_t retired;
};

class MemberRows {
 public:
  void add(const MemberKey& key, uint32_t number, uint32_t incarnation, bool retired) {
    const auto [it, is_new] = places_.emplace(key.service, uint32_t(places_.size()));
    if (is_new) names_.push_back(key.service);
    MemberRow row = {.backend = {},
                     .service = it->second,
                     .family = uint32_t(key.family),
                     .number = number,
                     .incarnation = incarnation,
                     .retired = retired};
    std::ranges::copy(key.backend.bytes(), row.backend);
    rows_.push_back(row);
  }
  Json json() const { return {{"services", names_}, {"rows", rows(rows_)}}; }

 private:
  std::map<std::string, uint32_t> places_;
  std::vector<std::string> names_;
  std::vector<MemberRow> rows_;
};

Json members_json(const Live& live) {
  MemberRows rows;
  for (const auto& [key, m] : live.members) rows.add(key, m.index, m.value.incarnation, false);
  for (const auto& [number, r] : live.retired) rows.add(r.key, number, r.value.incarnation, true);
  return rows.json();
}

void members_of(const Json& j, Live& live) {
  const auto names = j.at("services").get<std::vector<std::string>>();
  for (const MemberRow& row : rows_of<MemberRow>(j.at("rows"))) {
    IpAddress::Bytes bytes;
    std::ranges::copy(row.backend, bytes.begin());
    const MemberKey key = {names.at(row.service), IpAddress(bytes),
                           row.family ? InnerFamily::kV6 : InnerFamily::kV4};
    sluice_member value = {};
    value.incarnation = row.incarnation;
    if (row.retired)
      live.retired.emplace(row.number, Retired{key, value});
    else
      live.members.emplace(key, LiveMember{row.number, value});
  }
}

// ---- Slots, but for the rings themselves.

Json slots_json(const Slots& s) {
  Bytes backends;
  for (const IpAddress& a : s.backends)
    backends.insert(backends.end(), a.bytes().begin(), a.bytes().end());
  std::vector<int64_t> ends;
  for (const Time t : s.ends) ends.push_back(t.time_since_epoch().count());
  return {{"backends", Json::binary(std::move(backends))},
          {"window", rows(s.window)},
          {"ends", rows(ends)},
          {"quiet", rows(s.quiet)},
          {"changed", time_json(s.changed)}};
}

Slots slots_of(const Json& j) {
  Slots s;
  for (const IpAddress::Bytes& bytes : rows_of<IpAddress::Bytes>(j.at("backends")))
    s.backends.emplace_back(bytes);
  s.window = rows_of<uint16_t>(j.at("window"));
  for (const int64_t end : rows_of<int64_t>(j.at("ends"))) s.ends.emplace_back(Time::duration(end));
  for (const uint16_t w : s.window)
    if (w >= s.ends.size()) throw std::runtime_error("a window without an end");
  s.quiet = rows_of<uint8_t>(j.at("quiet"));
  s.changed = time_of(j.at("changed"));
  return s;
}

// ---- Services.

Json service_json(const ImageService& s, const RingNumbers& rings) {
  Json frontends = Json::array(), names = Json::array(), weights = Json::array(),
       lives = Json::array();
  for (const Frontend& f : s.frontends)
    frontends.push_back({f.vip.to_string(), f.ports.first, f.ports.last, f.ports.protocol});
  Bytes addresses;
  for (const ImageMember& m : s.members) {
    names.push_back(m.backend);
    weights.push_back(m.weight);
    lives.push_back(unsigned(m.life));
    addresses.insert(addresses.end(), m.address.bytes().begin(), m.address.bytes().end());
  }
  return {{"name", s.name},
          {"frontends", frontends},
          {"names", names},
          {"weights", weights},
          {"lives", lives},
          {"addresses", Json::binary(std::move(addresses))},
          {"tcp", slots_json(s.tcp)},
          {"udp", slots_json(s.udp)},
          {"rings", {rings.tcp, rings.udp}},
          {"hash", int(s.hash)},
          {"empty", int(s.empty)},
          {"tracking", int(s.tracking)},
          {"complete_at", time_json(s.complete_at)},
          {"complete", s.complete}};
}

ImageService service_of(const Json& j) {
  ImageService s = {.name = j.at("name").get<std::string>(),
                    .frontends = {},
                    .members = {},
                    .tcp = slots_of(j.at("tcp")),
                    .udp = slots_of(j.at("udp")),
                    .hash = enum_of(j.at("hash"), HashFields::kSourceAndVip),
                    .empty = enum_of(j.at("empty"), EmptyPolicy::kReset),
                    .tracking = enum_of(j.at("tracking"), Tracking::kNever),
                    .complete_at = time_of(j.at("complete_at")),
                    .complete = j.at("complete").get<bool>()};
  for (const Json& f : j.at("frontends"))
    s.frontends.push_back(
        {prefix_of(f.at(0)),
         {f.at(1).get<uint16_t>(), f.at(2).get<uint16_t>(), f.at(3).get<uint8_t>()}});
  const auto addresses = rows_of<IpAddress::Bytes>(j.at("addresses"));
  const Json &names = j.at("names"), &weights = j.at("weights"), &lives = j.at("lives");
  for (size_t i = 0; i < addresses.size(); i++)
    s.members.push_back({.backend = names.at(i).get<std::string>(),
                         .weight = weights.at(i).get<uint32_t>(),
                         .address = IpAddress(addresses[i]),
                         .life = enum_of(lives.at(i), SLUICE_LIFE_DRAINING)});
  return s;
}

Json image_json(const Image& image, const std::map<std::string, RingNumbers>& rings) {
  Json services = Json::array(), macs = Json::array(), sources = Json::array();
  for (const ImageService& s : image.services)
    services.push_back(service_json(s, rings.at(s.name)));
  for (const MacAddress& m : image.macs) macs.push_back(m.to_string());
  for (const IpPrefix& p : image.sources) sources.push_back(p.to_string());
  return {{"ring_size", image.ring_size},
          {"services", services},
          {"macs", macs},
          {"sources", sources},
          {"tunnel_ports", image.tunnel_ports}};
}

Image image_of(const Json& j, std::map<std::string, RingNumbers>& rings) {
  Image image;
  j.at("ring_size").get_to(image.ring_size);
  for (const Json& s : j.at("services")) {
    image.services.push_back(service_of(s));
    rings[image.services.back().name] = {s.at("rings").at(0).get<uint32_t>(),
                                         s.at("rings").at(1).get<uint32_t>()};
  }
  for (const Json& m : j.at("macs")) {
    const auto mac = MacAddress::parse(m.get<std::string>());
    if (!mac) throw std::runtime_error("no MAC address");
    image.macs.push_back(*mac);
  }
  for (const Json& p : j.at("sources")) image.sources.push_back(prefix_of(p));
  j.at("tunnel_ports").get_to(image.tunnel_ports);
  return image;
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

Json backend_json(const Backend& b, Forwards& forwards) {
  return {b.name, b.address.to_string(), b.weight, forwards.place(b.forward)};
}

Backend backend_of(const Json& j, const Json& forwards) {
  return {.name = j.at(0).get<std::string>(),
          .address = address_of(j.at(1)),
          .weight = j.at(2).get<uint32_t>(),
          .forward = forward_of(forwards.at(j.at(3).get<size_t>()))};
}

Json backends_json(const Past& past) {
  Forwards forwards;
  Json known = Json::object(), leaving = Json::object();
  for (const auto& [service, backends] : past.backends.services())
    for (const auto& [address, b] : backends) known[service].push_back(backend_json(b, forwards));
  for (const auto& [service, backends] : past.leaving)
    for (const Backend& b : backends) leaving[service].push_back(backend_json(b, forwards));
  return {{"known", known}, {"leaving", leaving}, {"forwards", forwards.json()}};
}

void backends_of(const Json& j, Past& past) {
  const Json& forwards = j.at("forwards");
  KnownBackends::Services known;
  for (const auto& [service, backends] : j.at("known").items())
    for (const Json& b : backends) {
      const Backend backend = backend_of(b, forwards);
      known[service].emplace(backend.address, backend);
    }
  past.backends = KnownBackends(std::move(known));
  for (const auto& [service, backends] : j.at("leaving").items())
    for (const Json& b : backends) past.leaving[service].push_back(backend_of(b, forwards));
}

// ---- All of it.

std::map<std::string, RingNumbers> ring_numbers(const Live& live) {
  std::map<RingPtr, uint32_t> numbers;
  for (const auto& [number, ring] : live.rings) numbers.emplace(ring, number);
  const auto number_of = [&](const RingPtr& ring) {
    const auto it = numbers.find(ring);
    return !ring || it == numbers.end() ? uint32_t(SLUICE_NO_RING) : it->second;
  };
  std::map<std::string, RingNumbers> out;
  for (const ImageService& s : live.image.services)
    out[s.name] = {number_of(s.tcp.ring), number_of(s.udp.ring)};
  return out;
}

}  // namespace

Json past_json(const Past& past) {
  const Live& live = past.live;
  return {{"image", image_json(live.image, ring_numbers(live))},
          {"members", members_json(live)},
          {"incarnation", live.incarnation},
          {"prefix_number", live.prefix_number},
          {"prefixes", rows(live.prefixes)},
          {"published", time_json(past.published)},
          {"ring_due", past.ring_due ? time_json(*past.ring_due) : Json()},
          {"backends", backends_json(past)}};
}

Past past_of(const Json& j, std::map<std::string, RingNumbers>& rings) {
  Past past;
  past.live.image = image_of(j.at("image"), rings);
  members_of(j.at("members"), past.live);
  j.at("incarnation").get_to(past.live.incarnation);
  j.at("prefix_number").get_to(past.live.prefix_number);
  past.live.prefixes = rows_of<PrefixEntry>(j.at("prefixes"));
  past.published = time_of(j.at("published"));
  if (!j.at("ring_due").is_null()) past.ring_due = time_of(j.at("ring_due"));
  backends_of(j.at("backends"), past);
  return past;
}

}  // namespace sluice::saved
