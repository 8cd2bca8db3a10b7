// SPDX-License-Identifier: Apache-2.0
// The section `defaults`, and `forward`, which may stand there or at a backend.
#include <fmt/format.h>

#include "config/block.h"
#include "config/sections.h"
#include "config/values.h"

namespace sluice {

namespace {

constexpr uint32_t kSmallestRing = 251;    // a prime
constexpr uint32_t kLargestRing = 131071;  // a prime, and what fits the data plane's maps
constexpr size_t kLongestSeed = 1024;

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

void read_sources(const Node& node, Forward& forward, Report& report) {
  for (const Node* item : one_or_more(node)) {
    const std::optional<IpAddress> address = read_address(*item, report);
    if (!address) continue;
    std::optional<IpAddress>& slot = address->is_v4() ? forward.source_v4 : forward.source_v6;
    if (slot) complain(report, *item, "there is one source per family; this is the second");
    slot = address;
  }
}

}  // namespace

std::optional<Forward> read_forward(const Node& node, Report& report) {
  if (node.kind != Node::Kind::kMap) {
    const std::optional<Tunnel> tunnel = read_choice(node, kTunnels, report);
    return tunnel ? std::optional(Forward{.tunnel = *tunnel}) : std::nullopt;
  }
  const std::vector<Entry> tunnels = entries(node, "{ipip: {source: 10.0.0.5}}", report);
  if (tunnels.size() != 1) {
    complain(report, node, "exactly one tunnel is expected");
    return std::nullopt;
  }
  const std::optional<Tunnel> tunnel =
      read_choice(*tunnels[0].key, tunnels[0].key->text, kTunnels, report);
  if (!tunnel) return std::nullopt;
  Forward forward = {.tunnel = *tunnel};
  const Block block(*tunnels[0].value, kIpipKeys, "{source: [10.0.0.5, \"fd00::5\"]}", report);
  if (const Node* source = block.find("source")) read_sources(*source, forward, report);
  return forward;
}

Defaults read_defaults(const Node& node, Config& config, Report& report) {
  Defaults defaults;
  const Block block(node, kDefaultsKeys, "{seed: ...}", report);
  if (const Node* forward = block.find("forward"))
    defaults.forward = read_forward(*forward, report).value_or(Forward());
  if (const Node* hash = block.find("hash"))
    defaults.hash = read_choice(*hash, kHashes, report).value_or(defaults.hash);
  if (const Node* tracking = block.find("tracking")) read_choice(*tracking, kTrackings, report);
  if (const Node* ring = block.find("ring")) read_ring(*ring, config, report);
  const Node* seed =
      block.require("seed", "choose a secret text and use it on every balancer", report);
  if (seed) read_seed(*seed, config, report);
  return defaults;
}

}  // namespace sluice
