// SPDX-License-Identifier: Apache-2.0
// The rules of publishing, as properties of plans.
#include "plan/plan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "plan/example.h"
#include "plan/sweep.h"

namespace sluice::test {
namespace {

TEST(Plan, OfTheSameImageIsEmpty) {
  Example e;
  const Capacity c = e.capacity();
  const Plan first = plan_of({}, e, c);
  EXPECT_FALSE(first.empty());
  const Plan second = plan_of(first.next, e, c);
  EXPECT_TRUE(second.empty());
  EXPECT_TRUE(second.put_members.empty());
  EXPECT_TRUE(second.put_rings.empty());
  EXPECT_EQ(second.next.generation, first.next.generation);
}

TEST(Plan, ANewMacIsPatchedWithoutANewGeneration) {
  Example e;
  const Capacity c = e.capacity();
  const Plan first = plan_of({}, e, c);
  e.hops[ip("203.0.113.11")].destination = *MacAddress::parse("02:00:00:00:00:77");
  const Plan plan = plan_of(first.next, e, c);
  EXPECT_EQ(plan.patch_macs.size(), 2u);  // both inner families
  EXPECT_TRUE(plan.generation.empty());
  EXPECT_TRUE(plan.put_members.empty());
}

TEST(Plan, AnotherWayOutIsAnotherMember) {
  Example e;
  const Capacity c = e.capacity();
  const Plan first = plan_of({}, e, c);
  e.hops[ip("203.0.113.11")].ifindex = 9;
  const Plan plan = plan_of(first.next, e, c);
  EXPECT_TRUE(plan.patch_macs.empty());
  EXPECT_EQ(plan.put_members.size(), 2u);
  EXPECT_EQ(plan.next.retired.size(), 2u) << "flows may have the old numbers";
  EXPECT_FALSE(plan.generation.empty());
  EXPECT_TRUE(plan.moved.empty()) << "the same backends get the same flows";
}

TEST(Plan, PutsNoRingThatNoFrontendLeadsTo) {
  const Example e;  // TCP only
  Image image = e.image();
  Ring other = *image.services[0].tcp.ring;
  other[0] = sluice_slot(SLUICE_SLOT_TAIL, 1 - sluice_slot_current(other[0]), 0);
  image.services[0].udp.ring = std::make_shared<const Ring>(std::move(other));
  const Live live = make_plan({}, e.image(), e.capacity())->next;
  const Plan plan = *make_plan(live, image, e.capacity());
  EXPECT_TRUE(plan.generation.empty());
  EXPECT_TRUE(plan.put_rings.empty());
  EXPECT_EQ(plan.next.rings.size(), 1u);  // a number that nothing stands under is nobody's
}

TEST(Plan, NamesBeforehandTheNumbersOfTheNextRings) {
  Example e;
  const Capacity c = e.capacity();
  Plan plan = plan_of({}, e, c);
  for (const uint32_t weight : {1, 2, 3, 4}) {
    const std::vector<uint32_t> spares = plan.spare_rings;
    for (const uint32_t number : spares) EXPECT_FALSE(plan.next.rings.contains(number));
    e.remove("203.0.113.12");
    e.add("203.0.113.12", weight);
    plan = plan_of(plan.next, e, c);
    ASSERT_EQ(plan.put_rings.size(), 1u);
    EXPECT_EQ(plan.put_rings[0].number, spares.at(0));
  }
}

TEST(Plan, SaysTheShareOfSlotsThatMove) {
  Example e;
  const Capacity c = e.capacity();
  const Plan first = plan_of({}, e, c);
  e.remove("203.0.113.12");
  const Plan plan = plan_of(first.next, e, c);
  ASSERT_EQ(plan.moved.size(), 1u);
  EXPECT_EQ(plan.moved[0].service, "shop");
  EXPECT_NEAR(plan.moved[0].share, 0.5, 0.01);
}

TEST(Plan, RefusesWhatDoesNotFit) {
  Example e;
  Capacity c = e.capacity();
  c.members = 2;
  const auto plan = make_plan({}, e.image(), c);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().message, "4 members do not fit in tables made for 1");
}

// Ten changes of the way out in a row, whose flows may all live yet: each takes two numbers more.
TEST(Plan, RefusesNumbersBeyondTheTableBeforeAnythingIsTouched) {
  Example e;
  Capacity c = e.capacity();
  c.members = 16;
  Live live;
  uint32_t changes = 0;
  for (; check_numbers(live, e.image(), c); changes++) {
    ASSERT_LT(changes, 10u);
    const Plan plan = plan_of(live, e, c);
    for (const PutMember& p : plan.put_members) EXPECT_LT(p.index, c.members);
    live = plan.next;
    e.hops[ip("203.0.113.11")].ifindex = 10 + changes;
  }
  EXPECT_EQ(changes, 7u) << "four members, and six times two of them anew";
  const auto refused = make_plan(live, e.image(), c);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "18 members, past ones that have flows included, do not fit in a table of 16");
  QuietNumbers quiet;
  for (uint32_t round = 0; round < QuietNumbers::kEnough; round++)
    quiet.add({.began = Time(std::chrono::hours(1))}, live, Time());
  release_numbers(live, quiet);
  EXPECT_TRUE(make_plan(live, e.image(), c)) << "flows have ended";
}

// ---- A model of the kernel's tables that follows the steps and looks for broken references.

struct Tables {
  std::map<uint32_t, sluice_member> members;
  std::map<uint32_t, RingPtr> rings;
  Live live;  // what the generation in place names
};

// Every ring and member that the generation in place names is there, as it should be.
void check_references(const Tables& t) {
  for (const auto& [number, r] : t.live.retired) {
    ASSERT_TRUE(t.members.contains(number)) << r.key.service;
    EXPECT_EQ(t.members.at(number).incarnation, r.value.incarnation) << "flows would be lost";
    EXPECT_TRUE(t.members.contains(t.members.at(number).successor));
  }
  for (const auto& [key, m] : t.live.members) {
    ASSERT_TRUE(t.members.contains(m.index)) << key.service;
    EXPECT_EQ(std::memcmp(&t.members.at(m.index), &m.value, sizeof(m.value)), 0);
  }
  for (const auto& [number, ring] : t.live.rings) {
    ASSERT_TRUE(t.rings.contains(number));
    EXPECT_EQ(*t.rings.at(number), *ring);
  }
}

void follow(Tables& t, const Plan& plan) {
  for (const PutMember& p : plan.put_members) {
    t.members[p.index] = p.value;
    check_references(t);
  }
  for (const PutRing& p : plan.put_rings) {
    t.rings[p.number] = p.ring;
    check_references(t);
  }
  for (const PatchMac& p : plan.patch_macs) t.members.at(p.index).head[0] = p.mac_word;
  for (const PatchLife& p : plan.patch_lives) {
    t.members.at(p.index).successor = p.successor;
    t.members.at(p.index).life = p.life;
  }
  t.live = plan.next;
  check_references(t);
  for (uint32_t n : plan.release_rings) t.rings.erase(n);
  check_references(t);
}

void mutate(Example& e, std::mt19937& random) {
  const std::string address = "203.0.113." + std::to_string(11 + random() % 12);
  switch (random() % 6) {
    case 0:
      e.remove(address);
      break;
    case 1:
      e.remove(address);
      e.add(address, uint32_t(random() % 3) * 50);
      break;
    case 2:
      if (e.hops.contains(ip(address))) {
        const std::string mac = fmt::format("02:00:00:00:00:{:02x}", random() % 256);
        e.hops[ip(address)].destination = *MacAddress::parse(mac);
      }
      break;
    case 3:
      if (e.hops.contains(ip(address))) e.hops[ip(address)].ifindex = uint32_t(random() % 5 + 1);
      break;
    case 4:
      if (e.config.services.size() > 1) e.config.services.pop_back();
      break;
    case 5:
      if (e.config.services.size() < 6) {
        e.config.services.push_back(
            Example::service("s" + std::to_string(e.config.services.size()),
                             {"192.0.2." + std::to_string(100 + e.config.services.size())}, {80}));
      }
      break;
  }
}

// Two rounds of the flow tables that find nothing.
void let_flows_end(Tables& t) {
  QuietNumbers quiet;
  for (uint32_t round = 0; round < QuietNumbers::kEnough; round++)
    quiet.add({.began = Time(std::chrono::hours(1))}, t.live, Time());
  release_numbers(t.live, quiet);
  std::set<uint32_t> used;
  for (const auto& [key, m] : t.live.members) used.insert(m.index);
  for (const auto& [number, r] : t.live.retired) used.insert(number);
  std::erase_if(t.members, [&](const auto& m) { return !used.contains(m.first); });
}

TEST(Plan, EveryStepOfRandomChangesLeavesNoBrokenReference) {
  for (uint32_t seed = 0; seed < 30; seed++) {
    std::mt19937 random(seed);
    Example e;
    Tables t;
    const Capacity c = {.shape = {.vips = 64,
                                  .services = 256,
                                  .range_services = 16,
                                  .port_pages = 16,
                                  .positions = 1024,
                                  .ring_slots = 251},
                        .members = 1024,
                        .rings = 64};
    for (int change = 0; change < 40; change++) {
      follow(t, plan_of(t.live, e, c));
      ASSERT_FALSE(HasFailure()) << "seed " << seed << ", change " << change;
      EXPECT_EQ(t.members.size(), t.live.members.size() + t.live.retired.size());
      if (change % 4 == 3) {
        let_flows_end(t);
        EXPECT_EQ(t.members.size(), t.live.members.size()) << "members leak";
      }
      EXPECT_EQ(t.rings.size(), t.live.rings.size()) << "rings leak";
      mutate(e, random);
    }
  }
}

}  // namespace
}  // namespace sluice::test
