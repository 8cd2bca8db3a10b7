// SPDX-License-Identifier: Apache-2.0
#include "maglev/maglev.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <numeric>

namespace sluice {

namespace {

constexpr uint16_t kFree = 0xffff;

// One backend on its walk through the slots it prefers.
struct Walker {
  uint16_t backend;
  uint32_t weight;
  uint32_t next;  // the slot it would like best of those not tried
  uint32_t skip;
  uint64_t owed = 0;  // turns, in units of the largest weight
};

// Where the permutation of `id` starts and how far it jumps. SHA-256, because ids are near equal
// strings and a table is built once per change.
Walker walker_for(const RingBackend& b, uint16_t index, uint32_t size, std::string_view seed) {
  std::array<unsigned char, 32> digest;
  const std::string text = std::string(seed) + '\0' + b.id;
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    std::abort();
  uint64_t offset, skip;
  std::memcpy(&offset, digest.data(), sizeof(offset));
  std::memcpy(&skip, digest.data() + sizeof(offset), sizeof(skip));
  return {.backend = index,
          .weight = b.weight,
          .next = uint32_t(offset % size),
          .skip = uint32_t(skip % (size - 1) + 1)};
}

// The backends that take part, ordered by id: the filling depends on the order.
std::vector<Walker> walkers(std::span<const RingBackend> backends, uint32_t size,
                            std::string_view seed) {
  std::vector<uint16_t> order(backends.size());
  std::iota(order.begin(), order.end(), uint16_t(0));
  std::sort(order.begin(), order.end(),
            [&](uint16_t a, uint16_t b) { return backends[a].id < backends[b].id; });
  std::vector<Walker> out;
  for (uint16_t i : order)
    if (backends[i].weight > 0) out.push_back(walker_for(backends[i], i, size, seed));
  return out;
}

// Gives the walker the first free slot on its way. Size is prime, so the walk meets every slot.
void take_slot(Walker& w, std::vector<uint16_t>& ring) {
  const uint32_t size = uint32_t(ring.size());
  const auto advance = [&] {
    w.next += w.skip;
    if (w.next >= size) w.next -= size;
  };
  while (ring[w.next] != kFree) advance();
  ring[w.next] = w.backend;
  advance();
}

}  // namespace

std::vector<uint16_t> maglev_ring(std::span<const RingBackend> backends, uint32_t size,
                                  std::string_view seed) {
  std::vector<Walker> all = walkers(backends, size, seed);
  if (all.empty()) return {};
  uint64_t heaviest = 0;
  for (const Walker& w : all) heaviest = std::max<uint64_t>(heaviest, w.weight);

  std::vector<uint16_t> ring(size, kFree);
  for (uint32_t filled = 0; filled < size;) {
    for (Walker& w : all) {
      w.owed += w.weight;
      if (w.owed < heaviest) continue;
      w.owed -= heaviest;
      take_slot(w, ring);
      if (++filled == size) break;
    }
  }
  return ring;
}

bool is_prime(uint32_t n) {
  if (n < 2) return false;
  for (uint32_t d = 2; uint64_t(d) * d <= n; d++)
    if (n % d == 0) return false;
  return true;
}

}  // namespace sluice
