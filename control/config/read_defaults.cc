// SPDX-License-Identifier: Apache-2.0
// The section `defaults`: what services and backends take when they say nothing.
#include <fmt/format.h>

#include "config/block.h"
#include "config/checks.h"
#include "config/sections.h"
#include "config/values.h"

namespace sluice {

namespace {

constexpr uint32_t kSmallestRing = 251;    // a prime
constexpr uint32_t kLargestRing = 131071;  // a prime, and what fits the data plane's maps
constexpr size_t kLongestSeed = 1024;
constexpr uint32_t kSmallestMtu = 576;  // what every IPv4 host takes (RFC 791)
constexpr uint32_t kLargestMtu = 9216;
constexpr uint32_t kFewestFlows = 1024;
constexpr uint32_t kMostFlows = 1 << 26;
constexpr DurationRange kDrain = {std::chrono::seconds(0), std::chrono::hours(24)};

bool is_prime(uint32_t n) {
  for (uint32_t d = 2; d * d <= n; d++)
    if (n % d == 0) return false;
  return n >= 2;
}

// Of two primes equally near, the larger. `n` lies between the smallest and the largest ring.
uint32_t nearest_prime(uint32_t n) {
  for (uint32_t d = 0;; d++) {
    if (is_prime(n + d)) return n + d;
    if (is_prime(n - d)) return n - d;
  }
}

void read_ring(const Node& node, Config& config, Report& report) {
  const std::optional<uint32_t> ring = read_number(node, kSmallestRing, kLargestRing, report);
  if (!ring) return;
  if (is_prime(*ring))
    config.ring_size = *ring;
  else
    complain(report, node,
             fmt::format("{} is not a prime (the nearest is {})", *ring, nearest_prime(*ring)));
}

// No message may hold the value: it is a secret.
void read_seed(const Node& node, Config& config, Report& report) {
  const std::optional<std::string_view> seed = read_text(node, "a secret", report);
  if (!seed) return;
  if (seed->size() > kLongestSeed)
    complain(report, node, fmt::format("the seed is longer than {} bytes", kLongestSeed));
  else
    config.seed = *seed;
}

}  // namespace

Defaults read_defaults(const Node& node, Config& config, Report& report) {
  Defaults defaults;
  const Block block(node, kDefaultsKeys, "{seed: ...}", report);
  if (const Node* forward = block.find("forward"))
    defaults.forward = read_forward(*forward, report).value_or(Forward());
  if (const Node* hash = block.find("hash"))
    defaults.hash = read_choice(*hash, kHashes, report).value_or(defaults.hash);
  if (const Node* tracking = block.find("tracking"))
    defaults.tracking = read_choice(*tracking, kTrackings, report).value_or(defaults.tracking);
  if (const Node* flows = block.find("flows"))
    config.flows = read_number(*flows, kFewestFlows, kMostFlows, report).value_or(0);
  if (const Node* drain = block.find("drain"))
    config.drain = read_seconds(*drain, kDrain, report).value_or(config.drain);
  if (const Node* check = block.find("check")) defaults.check = read_default_check(*check, report);
  if (const Node* ring = block.find("ring")) read_ring(*ring, config, report);
  if (const Node* mtu = block.find("mtu"))
    config.mtu = read_number(*mtu, kSmallestMtu, kLargestMtu, report).value_or(0);
  const Node* seed =
      block.require("seed", "choose a secret text and use it on every balancer", report);
  if (seed) read_seed(*seed, config, report);
  return defaults;
}

}  // namespace sluice
