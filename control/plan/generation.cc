// SPDX-License-Identifier: Apache-2.0
#include "plan/generation.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <optional>
#include <span>

#include "abi/perfect_hash.h"

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
    buckets[sluice_bucket_of(hashes[key], entries)].push_back(key);
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
        const uint32_t at = sluice_place_of(hashes[key], d, entries);
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

std::map<IpAddress, uint32_t> number_vips(const Image& image) {
  std::map<IpAddress, uint32_t> numbers;
  for (const ImageService& s : image.services)
    for (const Frontend& f : s.frontends) numbers.emplace(f.vip, 0);
  uint32_t next = 1;  // 0 marks a free entry
  for (auto& [vip, number] : numbers) number = next++;
  return numbers;
}

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

struct Services {
  std::vector<sluice_service> entries;
  std::vector<uint32_t> positions;
};

// One entry a frontend. Frontends of one family share the service's stretch of the position table.
Services compile_services(const Image& image, const Numbers& numbers,
                          const std::map<IpAddress, uint32_t>& vips) {
  Services out;
  for (const ImageService& s : image.services) {
    std::map<InnerFamily, uint32_t> first;
    for (const Frontend& f : s.frontends) {
      const auto [it, is_new] = first.emplace(f.family(), uint32_t(out.positions.size()));
      if (is_new)
        for (const ImageMember& m : s.members)
          out.positions.push_back(numbers.members.at({s.name, m.address, f.family()}));
      sluice_service e = {};
      e.key = sluice_service_key(vips.at(f.vip), f.port.protocol, htons(f.port.number));
      e.ring = s.ring ? numbers.rings.at(s.ring) : uint32_t(SLUICE_NO_RING);
      e.first_position = it->second;
      e.hash = to_abi(s.hash);
      e.empty = s.empty == EmptyPolicy::kPass ? SLUICE_EMPTY_PASS : SLUICE_EMPTY_DROP;
      out.entries.push_back(e);
    }
  }
  return out;
}

}  // namespace

sluice_addr to_abi(const IpAddress& address) {
  sluice_addr a;
  std::memcpy(&a, address.bytes().data(), sizeof(a));
  return a;
}

GenerationBytes compile_generation(const Image& image, const Numbers& numbers,
                                   const sluice_shape& shape, uint64_t number) {
  const auto vip_numbers = number_vips(image);
  std::vector<sluice_vip> vips;
  for (const auto& [address, n] : vip_numbers) vips.push_back({to_abi(address), n, 0});
  const Services services = compile_services(image, numbers, vip_numbers);

  GenerationBytes bytes(sluice_generation_size(shape));
  sluice_generation header = {.number = number};
  header.vip_seed = write_table(
      vips, shape.vips,
      [](const sluice_vip& v, uint64_t seed) { return sluice_vip_hash(&v.addr, seed); },
      bytes.data() + sluice_vip_displacements_at(), bytes.data() + sluice_vips_at(shape));
  header.service_seed = write_table(
      services.entries, shape.services,
      [](const sluice_service& s, uint64_t seed) { return sluice_service_hash(s.key, seed); },
      bytes.data() + sluice_service_displacements_at(shape),
      bytes.data() + sluice_services_at(shape));
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sluice_positions_at(shape), services.positions.data(),
              services.positions.size() * sizeof(uint32_t));
  return bytes;
}

}  // namespace sluice
