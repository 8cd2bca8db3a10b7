// SPDX-License-Identifier: Apache-2.0
#include "plan/generation.h"

#include <arpa/inet.h>
#include <endian.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <optional>
#include <span>

#include "abi/perfect_hash.h"
#include "abi/source_filter.h"
#include "plan/member_head.h"

namespace sluice {

namespace {

constexpr uint32_t kMaxDisplacement = 1 << 16;

struct Placement {
  std::vector<uint32_t> displacement;  // by bucket
  std::vector<uint32_t> place;         // by key, in the order of the hashes given
};

// Buckets with the most keys first, while the table is still empty enough for them.
std::vector<std::vector<uint32_t>> keys_by_bucket(std::span<const uint64_t> hashes,
                                                  uint32_t entries) {
  std::vector<std::vector<uint32_t>> buckets(entries / SLUICE_BUCKET);
  for (uint32_t key = 0; key < hashes.size(); key++)
    buckets[sluice_bucket_of(hashes[key], entries / SLUICE_BUCKET - 1)].push_back(key);
  return buckets;
}

// Finds each bucket a displacement that moves its keys to free places of their own, or gives up.
std::optional<Placement> try_place(std::span<const uint64_t> hashes, uint32_t entries) {
  const auto buckets = keys_by_bucket(hashes, entries);
  std::vector<uint32_t> order(buckets.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return buckets[a].size() > buckets[b].size(); });

  Placement p = {std::vector<uint32_t>(buckets.size(), 0), std::vector<uint32_t>(hashes.size())};
  std::vector<bool> taken(entries, false);
  for (uint32_t b : order) {
    std::vector<uint32_t> places;
    for (uint32_t d = 0; places.size() < buckets[b].size(); d++) {
      if (d == kMaxDisplacement) return std::nullopt;
      places.clear();
      for (uint32_t key : buckets[b]) {
        const uint32_t at = sluice_place_of(hashes[key], d, entries - 1);
        if (taken[at] || std::find(places.begin(), places.end(), at) != places.end()) break;
        places.push_back(at);
      }
      p.displacement[b] = d;
    }
    for (size_t i = 0; i < places.size(); i++) {
      taken[places[i]] = true;
      p.place[buckets[b][i]] = places[i];
    }
  }
  return p;
}

// Writes displacements and entries of one table; returns the seed that worked. A table at most half
// full fails on a seed about never; a thousand failures in a row are a bug.
template <class Entry, class Hash>
uint64_t write_table(const std::vector<Entry>& table, uint32_t entries, Hash hash,
                     uint8_t* displacements, uint8_t* out) {
  for (uint64_t seed = 0; seed < 1000; seed++) {
    std::vector<uint64_t> hashes;
    for (const Entry& e : table) hashes.push_back(hash(e, seed));
    const auto p = try_place(hashes, entries);
    if (!p) continue;
    std::memcpy(displacements, p->displacement.data(), p->displacement.size() * sizeof(uint32_t));
    for (size_t i = 0; i < table.size(); i++)
      std::memcpy(out + p->place[i] * sizeof(Entry), &table[i], sizeof(Entry));
    return seed;
  }
  std::abort();
}

// Those that are tried for a seed.
std::array<__u64, 3> service_multipliers(uint64_t seed) {
  return {sluice_service_multiplier(3 * seed), sluice_service_multiplier(3 * seed + 1),
          sluice_service_multiplier(3 * seed + 2)};
}

uint64_t mac_number(const MacAddress& mac) {
  uint64_t n = 0;
  std::memcpy(&n, mac.bytes().data(), mac.bytes().size());
  return n;
}

// More MAC addresses than can be told apart: frames for any are ours.
void write_identity(const Image& image, sluice_generation& header) {
  if (image.macs.size() <= SLUICE_MAX_MACS)
    for (const MacAddress& mac : image.macs) header.mac[header.macs++] = mac_number(mac);
  std::fill(std::begin(header.source_mask), std::end(header.source_mask), 0xffffffff);
  for (size_t i = 0; i < image.sources.size() && i < SLUICE_MAX_SOURCES; i++) {
    header.source[i] = to_abi(image.sources[i].address);
    header.source_mask[i] = ~entropy_bits(image.sources[i]);
  }
  uint16_t ports[SLUICE_MAX_TUNNEL_PORTS] = {};
  for (size_t i = 0; i < image.tunnel_ports.size() && i < SLUICE_MAX_TUNNEL_PORTS; i++)
    ports[i] = htons(image.tunnel_ports[i]);
  std::memcpy(&header.tunnel_ports, ports, sizeof(ports));
}

void set_place(uint32_t* filter, uint32_t place) {
  filter[place / 32] |= 1u << place % 32;
}

// The bits of a filter that addresses of a prefix have: one for each /16 in it, or each /64 of
// IPv6. Of a prefix with very many of those, all: they cost speed, and nothing else.
void write_filter(const IpPrefix& vip, sluice_generation& header) {
  const sluice_addr a = to_abi(vip.address);
  if (vip.address.is_v4()) {
    const uint32_t first = ntohl(a.word[3]) >> 16,
                   count = 1 << (16 - std::min<uint32_t>(vip.length, 16));
    for (uint32_t i = 0; i < count; i++)
      set_place(header.filter[0], sluice_filter_place_v4(htonl((first + i) << 16)));
  } else if (vip.length < 48) {
    std::fill_n(header.filter[1], SLUICE_FILTER_WORDS, 0xffffffff);
  } else {
    const uint64_t first = be64toh(sluice_addr_high(&a));
    for (uint32_t i = 0; i < 1u << (64 - std::min<uint32_t>(vip.length, 64)); i++)
      set_place(header.filter[1], sluice_filter_place_v6(htobe64(first + i)));
  }
}

// As the data plane's martian.h has them: 0/8, 127/8, 224/4, 240/4; ::, ::1, ::ffff:0:0/96, which
// are in ::/64. ff00::/8 has addresses in every place, and is looked at by itself.
void write_martians(sluice_generation& header) {
  for (uint32_t first = 0; first < 0x100; first++)
    if (first == 0 || first == 127 || first >= 224)
      for (uint32_t second = 0; second < 0x100; second++)
        set_place(header.filter[0], sluice_filter_place_v4(htonl(first << 24 | second << 16)));
  set_place(header.filter[1], sluice_filter_place_v6(0));
}

template <class T>
void write_array(GenerationBytes& bytes, uint32_t at, const std::vector<T>& array) {
  if (!array.empty()) std::memcpy(bytes.data() + at, array.data(), array.size() * sizeof(T));
}

}  // namespace

sluice_addr to_abi(const IpAddress& address) {
  sluice_addr a;
  std::memcpy(&a, address.bytes().data(), sizeof(a));
  return a;
}

bool operator==(const PrefixEntry& a, const PrefixEntry& b) {
  return std::memcmp(&a.key, &b.key, sizeof(a.key)) == 0 &&
         std::memcmp(&a.services, &b.services, sizeof(a.services)) == 0;
}

PrefixTable compile_prefixes(const Frontends& frontends) {
  PrefixTable table;
  for (const auto& [prefix, services] : frontends.vips) {
    if (prefix.is_single()) continue;
    const sluice_addr a = to_abi(prefix.address);
    PrefixEntry e = {};
    e.key.length = prefix.length + (prefix.address.is_v4() ? 96 : 0);
    std::memcpy(e.key.word, a.word, sizeof(e.key.word));
    e.services = services;
    table.push_back(e);
  }
  return table;
}

GenerationBytes compile_generation(const Image& image, const Frontends& frontends,
                                   const sluice_shape& shape, uint32_t prefixes, uint64_t number) {
  std::vector<sluice_vip> vips;
  for (const auto& [prefix, services] : frontends.vips)
    if (prefix.is_single()) vips.push_back({to_abi(prefix.address), services});

  GenerationBytes bytes(sluice_generation_size(shape));
  sluice_generation header = {.number = number, .prefixes = prefixes};
  write_identity(image, header);
  for (const auto& [prefix, services] : frontends.vips) write_filter(prefix, header);
  write_martians(header);
  header.vip_seed = write_table(
      vips, shape.vips,
      [](const sluice_vip& v, uint64_t seed) { return sluice_vip_hash(&v.addr, seed); },
      bytes.data() + sluice_vip_displacements_at(shape), bytes.data() + sluice_vips_at(shape));
  const uint64_t tries = write_table(
      frontends.services, shape.services,
      [](const sluice_service& s, uint64_t seed) {
        return sluice_service_hash(
            sluice_service_base(sluice_addr_high(&s.vip), sluice_addr_low(&s.vip),
                                service_multipliers(seed).data()),
            s.endpoint);
      },
      bytes.data() + sluice_service_displacements_at(), bytes.data() + sluice_services_at(shape));
  std::ranges::copy(service_multipliers(tries), header.service_multipliers);
  std::memcpy(bytes.data(), &header, sizeof(header));
  write_array(bytes, sluice_range_services_at(shape), frontends.range_services);
  write_array(bytes, sluice_port_pages_at(shape), frontends.port_pages);
  write_array(bytes, sluice_positions_at(shape), frontends.positions);
  return bytes;
}

}  // namespace sluice
