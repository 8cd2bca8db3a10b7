// SPDX-License-Identifier: Apache-2.0
#include "plan/frontends.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <unordered_map>

#include "plan/cursor.h"
#include "plan/generation.h"
#include "plan/plan.h"
#include "plan/port_pages.h"

namespace sluice {

namespace {

uint8_t to_abi(HashFields fields) {
  switch (fields) {
    case HashFields::kFiveTuple:
      return SLUICE_HASH_FIVE_TUPLE;
    case HashFields::kSource:
      return SLUICE_HASH_SOURCE;
    case HashFields::kSourceAndVip:
      return SLUICE_HASH_SOURCE_VIP;
  }
  std::abort();
}

uint8_t to_abi(EmptyPolicy policy) {
  switch (policy) {
    case EmptyPolicy::kDrop:
      return SLUICE_EMPTY_DROP;
    case EmptyPolicy::kPass:
      return SLUICE_EMPTY_PASS;
    case EmptyPolicy::kReset:
      return SLUICE_EMPTY_RESET;
  }
  std::abort();
}

uint8_t flags_of(const ImageService& s) {
  if (s.tracking != Tracking::kAlways) return 0;
  return SLUICE_SERVICE_ALWAYS | (s.complete ? SLUICE_SERVICE_COMPLETE : 0);
}

// Where members and rings stand.
struct Numbers {
  explicit Numbers(const Live& live) : members(live.members) {
    for (const auto& [number, ring] : live.rings) rings.emplace(ring.get(), number);
  }
  Cursor<std::map<MemberKey, LiveMember>> members;
  std::unordered_map<const Ring*, uint32_t> rings;
};

// One frontend on its way into the tables.
struct Entry {
  const Frontend* frontend;
  sluice_service service;
};

// A service for every protocol meets packets without ports: they are spread by addresses.
sluice_service service_entry(const ImageService& s, uint32_t number, const Frontend& f,
                             const Numbers& numbers, uint32_t first_position) {
  const bool by_address = f.ports.protocol == 0 && s.hash == HashFields::kFiveTuple;
  sluice_service e = {};
  const RingPtr& ring = s.slots_for(f).ring;
  e.ring = ring ? numbers.rings.at(ring.get()) : uint32_t(SLUICE_NO_RING);
  e.first_position = first_position;
  e.hash = to_abi(by_address ? HashFields::kSourceAndVip : s.hash);
  e.empty = to_abi(s.empty);
  e.flags = flags_of(s);
  e.number = number;
  return e;
}

// Where a service's members stand, seen from one family; behind them, nobody.
void add_positions(const ImageService& s, InnerFamily family, Numbers& numbers,
                   std::vector<uint32_t>& positions) {
  for (const ImageMember& m : s.members)
    positions.push_back(numbers.members.find({s.name, m.address, family})->index);
  positions.push_back(SLUICE_NONE);
}

// Frontends of one family share the service's stretch of the position table.
std::vector<Entry> compile_entries(const Image& image, const Live& live, Frontends& out) {
  Numbers numbers(live);
  std::vector<Entry> entries;
  for (uint32_t n = 0; n < image.services.size(); n++) {
    const ImageService& s = image.services[n];
    std::map<InnerFamily, uint32_t> first;
    for (const Frontend& f : s.frontends) {
      const auto [it, is_new] = first.emplace(f.family(), uint32_t(out.positions.size()));
      if (is_new) add_positions(s, f.family(), numbers, out.positions);
      entries.push_back({&f, service_entry(s, n, f, numbers, it->second)});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.frontend->vip, a.frontend->ports.protocol, a.frontend->ports.first) <
           std::tie(b.frontend->vip, b.frontend->ports.protocol, b.frontend->ports.first);
  });
  return entries;
}

sluice_vip_services new_vip(const IpPrefix& vip, uint32_t number) {
  sluice_vip_services services = {};
  services.name = vip.is_single() ? to_abi(vip.address) : sluice_prefix_name(number);
  services.kind = (vip.is_single() ? 0 : uint32_t(SLUICE_OF_PREFIX)) |
                  (vip.address.is_v4() ? 0 : uint32_t(SLUICE_OF_IPV6));
  return services;
}

void add_service(const Entry& e, sluice_vip_services& vip, Frontends& out) {
  const PortRange& ports = e.frontend->ports;
  const uint16_t port = ports.is_one() ? ports.first : 0;
  if (ports.protocol == 0) {
    vip.flags |= SLUICE_VIP_ANY_PROTOCOL;
  } else if (ports.is_any()) {
    vip.flags |= SLUICE_VIP_ANY_PORT;
  }
  sluice_service service = e.service;
  service.vip = vip.name;
  service.endpoint = sluice_endpoint(ports.protocol, htons(port)) | vip.kind;
  out.services.push_back(service);
}

// The root page of the VIP's ranges of a protocol, in the VIP's entry.
uint16_t& root_of(sluice_vip_services& vip, uint8_t protocol) {
  return protocol == IPPROTO_TCP ? vip.tcp_ports : vip.udp_ports;
}

}  // namespace

Frontends compile_frontends(const Image& image, const Live& live) {
  Frontends out;
  std::map<RangeService, sluice_service> range_services;
  for (const Entry& e : compile_entries(image, live, out)) {
    const auto [it, is_new] = out.vips.emplace(e.frontend->vip, sluice_vip_services{});
    if (is_new) it->second = new_vip(e.frontend->vip, uint32_t(out.vips.size()));
    if (e.frontend->ports.is_range()) {
      range_services.emplace(RangeService{e.service.number, e.frontend->family()}, e.service);
    } else {
      add_service(e, it->second, out);
    }
  }
  const PortTables ports = compile_ports(image);
  for (const auto& [key, root] : ports.roots) root_of(out.vips.at(key.vip), key.protocol) = root;
  for (const RangeService& s : ports.services) out.range_services.push_back(range_services.at(s));
  out.port_pages = ports.pages;
  return out;
}

}  // namespace sluice
