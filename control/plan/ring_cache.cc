// SPDX-License-Identifier: Apache-2.0
#include "plan/ring_cache.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "maglev/maglev.h"

namespace sluice {

namespace {

RingPtr compute_ring(const RingCache::Key& key) {
  std::vector<RingBackend> backends;
  for (const auto& [address, weight] : key.members)
    backends.push_back({.id = address.to_string(), .weight = weight});
  const std::vector<uint16_t> slots = maglev_ring(backends, key.size, key.seed);
  if (slots.empty()) return nullptr;
  return std::make_shared<const Ring>(slots.begin(), slots.end());
}

// Each is a function of its key alone, so whoever is free takes the next one.
std::vector<RingPtr> compute_rings(const std::vector<RingCache::Key>& keys) {
  std::vector<RingPtr> rings(keys.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < keys.size(); i = next++) rings[i] = compute_ring(keys[i]);
  };
  // The caller is one of them: a single ring needs no thread.
  const size_t cpus = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::jthread> others;
  for (size_t i = 1; i < std::min(cpus, keys.size()); i++) others.emplace_back(work);
  work();
  others.clear();
  return rings;
}

}  // namespace

void RingCache::prepare(const std::vector<Key>& keys) {
  std::vector<Key> missing;
  for (const Key& key : keys)
    if (!current_.contains(key) && !last_.contains(key)) missing.push_back(key);
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  std::vector<RingPtr> rings = compute_rings(missing);
  for (size_t i = 0; i < missing.size(); i++)
    current_.emplace(std::move(missing[i]), std::move(rings[i]));
}

RingPtr RingCache::get(const Key& key) {
  if (auto it = current_.find(key); it != current_.end()) return it->second;
  const auto old = last_.find(key);
  const RingPtr ring = old != last_.end() ? old->second : compute_ring(key);
  return current_.emplace(key, ring).first->second;
}

void RingCache::drop_unused() {
  last_ = std::move(current_);
  current_.clear();
}

}  // namespace sluice
