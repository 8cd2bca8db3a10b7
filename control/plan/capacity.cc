// SPDX-License-Identifier: Apache-2.0
#include "plan/capacity.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>

#include "plan/port_pages.h"

namespace sluice {

namespace {

struct Needs {
  uint32_t vips = 0, services = 0, range_services = 0, port_pages = 0;
  uint32_t positions = 0, members = 0, rings = 0;
};

Needs needs_of(const Image& image) {
  std::set<IpPrefix> vips;
  std::set<const Ring*> rings;
  Needs n;
  for (const ImageService& s : image.services) {
    for (const Frontend& f : s.frontends) {
      vips.insert(f.vip);
      if (!f.ports.is_range()) n.services++;
    }
    for (const Slots* slots : {&s.tcp, &s.udp})
      if (slots->ring) rings.insert(slots->ring.get());
    n.positions += 2;  // behind the members of each family, nobody
  }
  n.vips = uint32_t(vips.size());
  n.members = uint32_t(image.members.size());
  n.positions += n.members;
  n.rings = uint32_t(rings.size());
  const PortTables ports = compile_ports(image);
  n.range_services = uint32_t(ports.services.size());
  n.port_pages = uint32_t(ports.pages.size());
  return n;
}

// The power of two that is at least `floor` and four times `n`.
uint32_t room(uint32_t n, uint32_t floor) {
  return std::bit_ceil(std::max(floor, n * 4));
}

}  // namespace

Capacity capacity_for(const Image& image, uint32_t ring_size) {
  const Needs n = needs_of(image);
  return {.shape = {.vips = room(n.vips, 64),
                    .services = room(n.services, 256),
                    .range_services = room(n.range_services, 16),
                    .port_pages = room(n.port_pages, 16),
                    .positions = room(n.positions, 1024),
                    .ring_slots = ring_size},
          .members = room(n.members, 1024),
          .rings = room(n.rings, 256)};
}

FlowCapacity flow_capacity(const Capacity& c) {
  if (c.flows == 0) return {1, 1, 1};
  const uint32_t doorkeeper = std::max(64u, c.flows / 16);
  return {c.flows / 2, c.flows / 2, doorkeeper};
}

Result<void> check_fits(const Image& image, const Capacity& c) {
  const Needs n = needs_of(image);
  // The two perfect hashes are at most half full; members and rings hold old and new at once.
  const struct {
    const char* what;
    uint32_t need, have;
  } tables[] = {
      {"VIPs", n.vips, c.shape.vips / 2},
      {"VIP and port pairs", n.services, c.shape.services / 2},
      {"services on port ranges", n.range_services,
       std::min<uint32_t>(c.shape.range_services, kMaxRangeServices)},
      {"pages of port ranges", n.port_pages, std::min<uint32_t>(c.shape.port_pages, kMaxPortPages)},
      {"members and families of services", n.positions, c.shape.positions},
      {"members", n.members, c.members / 2},
      {"rings", n.rings, c.rings / 2 - 1}};
  for (const auto& t : tables)
    if (t.need > t.have)
      return Error{fmt::format("{} {} do not fit in tables made for {}", t.need, t.what, t.have)};
  return {};
}

}  // namespace sluice
