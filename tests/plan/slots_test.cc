// SPDX-License-Identifier: Apache-2.0
// FLOWS.md's rules 1 to 3 and the end of 9: what becomes of a ring's slots.
#include "plan/slots.h"

#include <gtest/gtest.h>

#include "plan/example.h"

namespace sluice::test {
namespace {

using std::chrono::seconds;

const std::vector<IpAddress> kBackends = {ip("203.0.113.1"), ip("203.0.113.2"), ip("203.0.113.3")};
constexpr seconds kWindow(60);

Time at(int s) {
  return Time(seconds(1000 + s));
}

// Four slots that shall have the members at these positions.
SlotChange to(const Ring& positions, int when) {
  return {.backends = kBackends,
          .wanted = std::make_shared<const Ring>(positions),
          .dead = {},
          .window = kWindow,
          .remembers = true,
          .now = at(when)};
}

uint32_t clean(uint32_t current) {
  return sluice_slot(SLUICE_SLOT_CLEAN, current, 0);
}
uint32_t window(uint32_t current, uint32_t previous) {
  return sluice_slot(SLUICE_SLOT_WINDOW, current, previous);
}
uint32_t tail(uint32_t current) {
  return sluice_slot(SLUICE_SLOT_TAIL, current, 0);
}

Slots begun() {
  return change_slots({}, to({0, 0, 1, 1}, 0));
}

TEST(Slots, BeginClean) {
  EXPECT_EQ(*begun().ring, (Ring{clean(0), clean(0), clean(1), clean(1)}));
  EXPECT_TRUE(is_clean(begun()));
}

TEST(Slots, ThatChangeOpenAWindowAndOthersStayClean) {
  const Slots s = change_slots(begun(), to({0, 2, 1, 2}, 10));
  EXPECT_EQ(*s.ring, (Ring{clean(0), window(2, 0), clean(1), window(2, 1)}));
  EXPECT_GE(next_end(s), at(70));
  EXPECT_LT(next_end(s), at(71));
  EXPECT_EQ(count_states(s).window, 2u);
}

TEST(Slots, KeepTheOldestPreviousAndTheFirstEnd) {
  Slots s = change_slots(begun(), to({1, 0, 1, 1}, 10));
  s = change_slots(s, to({2, 0, 1, 1}, 40));
  EXPECT_EQ((*s.ring)[0], window(2, 0));
  EXPECT_LT(next_end(s), at(71));
}

TEST(Slots, ThatGoBackHaveATail) {
  Slots s = change_slots(begun(), to({1, 0, 1, 1}, 10));
  s = change_slots(s, to({0, 0, 1, 1}, 20));
  EXPECT_EQ((*s.ring)[0], tail(0));
  EXPECT_EQ(next_end(s), Time::max());
}

TEST(Slots, OfADeadMemberHaveNoWindow) {
  SlotChange change = to({1, 1, 1, 1}, 10);
  change.dead = {kBackends[0]};
  EXPECT_EQ(*change_slots(begun(), change).ring, (Ring{tail(1), tail(1), clean(1), clean(1)}));
}

TEST(Slots, WhoseMemberIsForgottenHaveNoWindow) {
  SlotChange change = to({0, 0, 0, 0}, 10);
  change.backends = {kBackends[1]};
  EXPECT_EQ(*change_slots(begun(), change).ring, (Ring{tail(0), tail(0), clean(0), clean(0)}));
}

TEST(Slots, ADeathWithinTheWindowClosesIt) {
  Slots s = change_slots(begun(), to({1, 0, 1, 1}, 10));
  SlotChange change = to({1, 1, 1, 1}, 20);
  change.dead = {kBackends[0]};
  EXPECT_EQ((*change_slots(s, change).ring)[0], tail(1));
}

TEST(Slots, AWindowOfNothingIsATailAtOnce) {
  SlotChange change = to({1, 0, 1, 1}, 10);
  change.window = seconds(0);
  EXPECT_EQ((*change_slots(begun(), change).ring)[0], tail(1));
}

TEST(Slots, WithoutMemoryStayClean) {
  SlotChange change = to({1, 0, 1, 1}, 10);
  change.window = seconds(0);
  change.remembers = false;
  EXPECT_TRUE(is_clean(change_slots(begun(), change)));
}

TEST(Slots, AWindowThatIsOverIsATail) {
  const Slots open = change_slots(begun(), to({1, 0, 1, 1}, 10));
  Slots s = change_slots(open, to({1, 0, 1, 1}, 69));
  EXPECT_EQ((*s.ring)[0], window(1, 0));
  s = change_slots(s, to({1, 0, 1, 1}, 71));
  EXPECT_EQ((*s.ring)[0], tail(1));
  EXPECT_EQ(s.changed, at(71));
}

TEST(Slots, ThatNobodyShallHaveKeepTheirFlows) {
  SlotChange change = to({}, 10);
  change.wanted = nullptr;
  Slots s = change_slots(begun(), change);
  EXPECT_EQ((*s.ring)[0], window(3, 0)) << "the position behind the last is nobody's";
  change.now = at(80);
  s = change_slots(s, change);
  EXPECT_EQ((*s.ring)[0], tail(3));
  for (int scan = 90; scan < 92; scan++)
    s = settle_slots(s, {.began = at(scan), .disagree = std::vector<bool>(4)}, seconds(1));
  EXPECT_EQ(s.ring, nullptr) << "clean, and nobody's";
}

TEST(Slots, PositionsFollowTheirBackends) {
  Slots s = change_slots(begun(), to({1, 0, 1, 1}, 10));
  SlotChange change = to({2, 1, 2, 2}, 20);  // the same members, with one more in front
  change.backends = {ip("203.0.113.0"), kBackends[0], kBackends[1]};
  EXPECT_EQ(*change_slots(s, change).ring, (Ring{window(2, 1), clean(1), clean(2), clean(2)}));
}

TEST(Slots, NothingNewIsTheSameRing) {
  const Slots open = change_slots(begun(), to({1, 0, 1, 1}, 10));
  SlotChange same = to({}, 20);
  same.wanted = open.wanted;
  EXPECT_EQ(change_slots(open, same).ring, open.ring);
}

class Settling : public testing::Test {
 protected:
  void SetUp() override {
    slots_ = change_slots(begun(), to({1, 1, 1, 1}, 10));
    slots_ = change_slots(slots_, to({1, 1, 1, 1}, 80));
    ASSERT_EQ(count_states(slots_).tail, 2u);
  }
  void scan(int began, bool found) {
    slots_ = settle_slots(slots_, {.began = at(began), .disagree = {found, false, false, false}},
                          seconds(1));
  }
  Slots slots_;
};

TEST_F(Settling, TakesTwoEmptyScansInARow) {
  scan(90, false);
  EXPECT_EQ(count_states(slots_).tail, 2u);
  scan(95, true);
  EXPECT_EQ((*slots_.ring)[0], tail(1));
  EXPECT_EQ((*slots_.ring)[1], clean(1));
  scan(100, false);
  EXPECT_EQ((*slots_.ring)[0], tail(1)) << "a scan that found something begins the count anew";
  scan(105, false);
  EXPECT_TRUE(is_clean(slots_));
}

TEST_F(Settling, AScanThatBeganTooEarlyDoesNotCount) {
  scan(70, false);
  scan(80, false);
  EXPECT_EQ(count_states(slots_).tail, 2u);
  scan(81, false);
  scan(82, false);
  EXPECT_TRUE(is_clean(slots_));
}

TEST(Slots, TellWhomTheyName) {
  const Slots s = change_slots(begun(), to({2, 2, 1, 1}, 10));
  EXPECT_EQ(named_by(s), (std::set<IpAddress>{kBackends[0], kBackends[1], kBackends[2]}));
  EXPECT_EQ(named_by(change_slots(s, to({2, 2, 1, 1}, 80))),
            (std::set<IpAddress>{kBackends[1], kBackends[2]}));
}

}  // namespace
}  // namespace sluice::test
