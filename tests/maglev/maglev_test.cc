// SPDX-License-Identifier: Apache-2.0
#include "maglev/maglev.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace sluice {
namespace {

constexpr uint32_t kSize = 65537;

std::vector<RingBackend> equal(int n) {
  std::vector<RingBackend> out;
  for (int i = 0; i < n; i++) out.push_back({"203.0.113." + std::to_string(i), 100});
  return out;
}

// Slots by backend id.
std::map<std::string, int> slots(const std::vector<RingBackend>& backends, uint32_t size = kSize) {
  std::map<std::string, int> out;
  for (uint16_t b : maglev_ring(backends, size, "seed")) out[backends[b].id]++;
  return out;
}

// The ring as ids, comparable between different backend lists.
std::vector<std::string> ids(const std::vector<RingBackend>& backends, uint32_t size = kSize,
                             std::string_view seed = "seed") {
  std::vector<std::string> out;
  for (uint16_t b : maglev_ring(backends, size, seed)) out.push_back(backends[b].id);
  return out;
}

TEST(Maglev, SharesOfAThousandEqualBackendsAreWithinOnePercentOfTheRing) {
  const auto s = slots(equal(1000));
  ASSERT_EQ(s.size(), 1000u);
  for (const auto& [id, n] : s) {
    EXPECT_GE(n, int(kSize / 1000)) << id;
    EXPECT_LE(n, int(kSize / 1000) + 1) << id;
  }
}

TEST(Maglev, WeightsOneToTenGiveTheirShares) {
  const auto s = slots({{"a", 1}, {"b", 10}});
  EXPECT_NEAR(s.at("a") / double(kSize), 1 / 11.0, 0.0005);
  EXPECT_NEAR(s.at("b") / double(kSize), 10 / 11.0, 0.0005);
}

TEST(Maglev, AnyWeightsGiveTheirSharesToASlotOrTwo) {
  std::mt19937 random(3);
  for (int round = 0; round < 20; round++) {
    std::vector<RingBackend> backends = equal(2 + int(random() % 60));
    uint64_t total = 0;
    for (RingBackend& b : backends) total += b.weight = uint32_t(random() % 1001);
    if (total == 0) continue;
    const auto s = slots(backends);
    for (const RingBackend& b : backends) {
      const double expected = double(kSize) * b.weight / double(total);
      EXPECT_NEAR(s.contains(b.id) ? s.at(b.id) : 0, expected, 2) << b.id << " weighs " << b.weight;
    }
  }
}

TEST(Maglev, RemovingOneOfAHundredMovesAtMostOnePercentOfTheOthersSlots) {
  const std::vector<RingBackend> all = equal(100);
  const auto before = ids(all);
  for (size_t gone : {0u, 41u, 99u}) {
    std::vector<RingBackend> fewer = all;
    fewer.erase(fewer.begin() + long(gone));
    const auto after = ids(fewer);
    int moved = 0;
    for (size_t i = 0; i < kSize; i++) moved += before[i] != all[gone].id && before[i] != after[i];
    EXPECT_LE(moved, int(kSize) / 100) << "without " << all[gone].id;
    EXPECT_GT(moved, 0) << "the measure measures";
  }
}

TEST(Maglev, OrderOfTheBackendsDoesNotMatter) {
  std::vector<RingBackend> backends = equal(50);
  for (size_t i = 0; i < backends.size(); i++) backends[i].weight = uint32_t(1 + i * 7 % 40);
  const auto expected = ids(backends);
  std::mt19937 random(1);
  for (int i = 0; i < 5; i++) {
    std::shuffle(backends.begin(), backends.end(), random);
    EXPECT_EQ(ids(backends), expected);
  }
}

TEST(Maglev, SeedChangesTheRing) {
  EXPECT_NE(ids(equal(10), kSize, "one"), ids(equal(10), kSize, "two"));
}

TEST(Maglev, WithoutWeightThereIsNoRing) {
  EXPECT_TRUE(maglev_ring({}, kSize, "seed").empty());
  const std::vector<RingBackend> weightless = {{"a", 0}, {"b", 0}};
  EXPECT_TRUE(maglev_ring(weightless, kSize, "seed").empty());
}

TEST(Maglev, ABackendWithoutWeightGetsNoSlotAndChangesNothingForTheOthers) {
  std::vector<RingBackend> backends = equal(10);
  const auto before = ids(backends);
  backends.push_back({"drained", 0});
  EXPECT_EQ(ids(backends), before);
}

TEST(Maglev, MoreBackendsThanSlotsFillTheRing) {
  EXPECT_EQ(slots(equal(300), 251).size(), 251u);
}

// A change here moves flows of every fleet at its upgrade: it must be a decision.
TEST(Maglev, IsWhatItWasInTheFirstRelease) {
  const std::vector<RingBackend> backends = {{"203.0.113.1", 1}, {"203.0.113.2", 2}};
  std::string text;
  for (uint16_t b : maglev_ring(backends, 31, "seed")) text += char('0' + b);
  EXPECT_EQ(text, "1111110001111100000111001111111");
}

TEST(Prime, IsTold) {
  for (uint32_t p : {2u, 3u, 251u, 4093u, 65537u, 131071u}) EXPECT_TRUE(is_prime(p)) << p;
  for (uint32_t n : {0u, 1u, 4u, 65536u, 65539u * 3}) EXPECT_FALSE(is_prime(n)) << n;
}

}  // namespace
}  // namespace sluice
