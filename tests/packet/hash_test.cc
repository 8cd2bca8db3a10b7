// SPDX-License-Identifier: Apache-2.0
// Which flow goes to which backend: the data plane against an independent reading of the
// definition.
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <netinet/in.h>

#include <cmath>
#include <cstring>
#include <map>
#include <random>

#include "maglev/maglev.h"
#include "packet/fixture.h"

namespace sluice::test {
namespace {

struct Flow {
  IpAddress source, destination;
  uint16_t sport, dport;
  uint8_t protocol;
};

// The first eight bytes as a number, the last byte its lowest.
uint64_t number_of(const uint8_t* bytes) {
  uint64_t n = 0;
  for (int i = 0; i < 8; i++) n = n << 8 | bytes[i];
  return n;
}

// NH and Stafford's finaliser, written from their definitions and not from abi/flow_hash.h. Of two
// IPv4 addresses, which are 4 bytes each, one pair of words is hashed; of IPv6's, each a pair of
// their halves.
uint32_t reference_hash(const Flow& f, const std::array<uint32_t, 10>& key, HashFields fields) {
  const bool with_vip = fields != HashFields::kSource;
  uint64_t sum = 0;
  const auto add = [&](const uint8_t* bytes, size_t first_key) {
    uint32_t word[2];
    std::memcpy(word, bytes, 8);
    const uint32_t a = word[0] + key[first_key], b = word[1] + key[first_key + 1];
    sum += uint64_t(a) * b;
  };
  if (f.source.is_v4()) {
    uint8_t pair[8] = {};
    std::memcpy(pair, f.source.bytes().data() + 12, 4);
    if (with_vip) std::memcpy(pair + 4, f.destination.bytes().data() + 12, 4);
    add(pair, 0);
  } else {
    uint64_t halves[4];
    std::memcpy(halves, key.data(), sizeof(halves));
    const auto add_address = [&](const uint8_t* bytes, size_t first_key) {
      sum +=
          (number_of(bytes) + halves[first_key]) * (number_of(bytes + 8) + halves[first_key + 1]);
    };
    add_address(f.source.bytes().data(), 0);
    if (with_vip) add_address(f.destination.bytes().data(), 2);
  }
  if (fields == HashFields::kFiveTuple) {
    const uint16_t sport = htons(f.sport), dport = htons(f.dport);
    uint8_t rest[8] = {};
    std::memcpy(rest, &sport, 2);
    std::memcpy(rest + 4, &dport, 2);
    rest[6] = f.protocol;
    add(rest, 8);
  }
  sum ^= sum >> 30;
  sum *= 13787848793156543929u;
  sum ^= sum >> 27;
  sum *= 10723151780598845931u;
  return uint32_t(sum >> 32);
}

std::array<uint32_t, 10> key_of(const Scenario& s) {
  const sluice_hash_key k = hash_key_from_seed(s.config.seed);
  std::array<uint32_t, 10> out;
  std::memcpy(out.data(), &k, sizeof(out));
  return out;
}

Scenario ten_backends(HashFields fields) {
  Scenario s = one_backend(false);
  s.config.ring_size = 4093;
  s.config.services[0].hash = fields;
  s.config.pools["pool"].backends.clear();
  for (int i = 1; i <= 10; i++) add_backend(s, "203.0.113." + std::to_string(i), 100);
  return s;
}

std::string reference_backend(const Flow& f, const Scenario& s) {
  std::vector<RingBackend> backends;
  for (const Backend& b : s.config.pools.at("pool").backends)
    backends.push_back({b.address.to_string(), b.weight});
  const auto ring = maglev_ring(backends, s.config.ring_size, s.config.seed);
  const uint64_t hash = reference_hash(f, key_of(s), s.config.services[0].hash);
  return backends[ring[size_t(hash * s.config.ring_size >> 32)]].id;
}

Flow random_flow(std::mt19937& random) {
  uint8_t v4[4] = {198, 51, 100, uint8_t(random())};
  uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8};
  for (int i = 8; i < 16; i++) v6[i] = uint8_t(random());
  const bool is_v4 = random() & 1;
  return {.source = is_v4 ? IpAddress::from_v4(v4) : IpAddress::from_v6(v6),
          .destination = *IpAddress::parse(is_v4 ? kVip4 : kVip6),
          .sport = uint16_t(random()),
          .dport = 80,
          .protocol = IPPROTO_TCP};
}

Bytes frame_of(const Flow& f) {
  const std::string from = f.source.to_string(), to = f.destination.to_string();
  PacketBuilder b = f.source.is_v4() ? frame4({.source = from, .destination = to})
                                     : frame6({.source = from, .destination = to});
  return b.tcp({f.sport, f.dport}).build();
}

void check_against_reference(HashFields fields) {
  const Scenario s = ten_backends(fields);
  Loaded loaded(s);
  ASSERT_TRUE(loaded.ok());
  std::mt19937 random(1);
  for (int i = 0; i < 500; i++) {
    const Flow f = random_flow(random);
    const Outcome run = loaded.run(frame_of(f));
    ASSERT_EQ(run.action, XDP_TX);
    EXPECT_EQ(outer_destination4(run.packet), reference_backend(f, s))
        << f.source.to_string() << ":" << f.sport;
  }
}

TEST(Hash, FiveTupleFollowsItsDefinition) {
  check_against_reference(HashFields::kFiveTuple);
}
TEST(Hash, SourceFollowsItsDefinition) {
  check_against_reference(HashFields::kSource);
}
TEST(Hash, SourceAndVipFollowsItsDefinition) {
  check_against_reference(HashFields::kSourceAndVip);
}

// A change of this value moves every flow of every fleet: it must be a decision.
TEST(Hash, IsWhatItWasDecidedToBe) {
  Scenario s = one_backend(true);
  Loaded loaded(s);
  ASSERT_TRUE(loaded.ok());
  const Bytes out = loaded.run(tcp4()).packet;
  ASSERT_GT(out.size(), 18u);
  const uint32_t label = uint32_t(out[15] & 0xf) << 16 | uint32_t(out[16]) << 8 | out[17];
  const Flow f = {*IpAddress::parse(kClient4), *IpAddress::parse(kVip4), 31337, 80, IPPROTO_TCP};
  EXPECT_EQ(label, reference_hash(f, key_of(s), HashFields::kFiveTuple) & 0xfffff);
  EXPECT_EQ(label, 0x88768u);
}

constexpr int kFlows = 20000;

void check_spread(const std::map<std::string, int>& hits) {
  EXPECT_EQ(hits.size(), 10u);
  const double mean = kFlows / 10.0, sigma = std::sqrt(kFlows * 0.1 * 0.9);
  for (const auto& [backend, n] : hits) EXPECT_NEAR(n, mean, 5 * sigma) << backend;
}

TEST(Hash, SpreadsConsecutivePortsAsEvenlyAsChance) {
  Loaded loaded(ten_backends(HashFields::kFiveTuple));
  ASSERT_TRUE(loaded.ok());
  std::map<std::string, int> hits;
  for (int i = 0; i < kFlows; i++) {
    const Flow f = {*IpAddress::parse(kClient4), *IpAddress::parse(kVip4), uint16_t(1024 + i), 80,
                    IPPROTO_TCP};
    hits[outer_destination4(loaded.run(frame_of(f)).packet)]++;
  }
  check_spread(hits);
}

// Of IPv6 addresses that count up in the two bytes from `at`, and have nothing else to tell them
// apart: not even ports are hashed.
void check_spread_of_sources(size_t at) {
  Loaded loaded(ten_backends(HashFields::kSource));
  ASSERT_TRUE(loaded.ok());
  std::map<std::string, int> hits;
  for (int i = 0; i < kFlows; i++) {
    uint8_t source[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    source[at] = uint8_t(i >> 8);
    source[at + 1] = uint8_t(i);
    const Flow f = {IpAddress::from_v6(source), *IpAddress::parse(kVip6), 31337, 80, IPPROTO_TCP};
    hits[outer_destination4(loaded.run(frame_of(f)).packet)]++;
  }
  check_spread(hits);
}

TEST(Hash, SpreadsIpv6HostsOfOneSubnetAsEvenlyAsChance) {
  check_spread_of_sources(14);
}
TEST(Hash, SpreadsIpv6SubnetsAsEvenlyAsChance) {
  check_spread_of_sources(6);
}
TEST(Hash, SpreadsIpv6InterfacesOfFewBitsAsEvenlyAsChance) {
  check_spread_of_sources(8);
}

}  // namespace
}  // namespace sluice::test
