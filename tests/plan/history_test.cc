// SPDX-License-Identifier: Apache-2.0
// What time, rounds of the flow tables and changes make of what has been published.
#include "plan/history.h"

#include <gtest/gtest.h>

#include "plan/example.h"

namespace sluice::test {
namespace {

using std::chrono::seconds;

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    example_.config.drain = seconds(60);
    publish();
  }
  // What the configuration asks for now; rings of another size take other tables.
  void publish() {
    History::Next next = history_.next(example_.config, example_.hops, {}, now_);
    const bool first = next.image.ring_size != history_.live().image.ring_size;
    const Capacity c = capacity_for(example_.image(), next.image.ring_size);
    Plan plan = first ? make_first_plan(history_.live(), std::move(next.image), c).value()
                      : make_plan(history_.live(), std::move(next.image), c).value();
    history_.go_live(history_.after(plan, example_.config, std::move(next.leaving), now_), now_);
  }
  // A whole round that finds flows of these backends only, long enough after the last change; but
  // for those of one service.
  void round(const std::set<IpAddress>& with_flows = {}, const std::string& without = "") {
    now_ += seconds(2);
    Sweep sweep = {.began = now_};
    for (const auto& [key, m] : history_.live().members)
      if (with_flows.contains(key.backend) && key.service != without) sweep.members[m.index];
    history_.take(sweep);
    if (history_.is_due(now_)) publish();
  }
  const ImageService& shop() const { return history_.live().image.services.at(0); }
  bool has_member(const std::string& backend) const {
    for (const ImageMember& m : shop().members)
      if (m.address == ip(backend)) return true;
    return false;
  }

  Example example_;
  History history_;
  Time now_ = Time(std::chrono::hours(1));
};

TEST_F(HistoryTest, ABackendOutOfTheFileStaysUntilNeitherSlotsNorFlowsHaveIt) {
  example_.remove("203.0.113.12");
  publish();
  EXPECT_TRUE(has_member("203.0.113.12"));
  EXPECT_EQ(history_.leaving(example_.config).at("shop").size(), 1u);
  round();
  round();
  EXPECT_TRUE(has_member("203.0.113.12")) << "slots in a window name it";
  now_ += seconds(61);
  ASSERT_TRUE(history_.is_due(now_));
  publish();
  for (int i = 0; i < 6; i++) round({ip("203.0.113.12")});
  EXPECT_TRUE(has_member("203.0.113.12")) << "a flow has it";
  for (int i = 0; i < 6; i++) round();
  EXPECT_FALSE(has_member("203.0.113.12"));
  EXPECT_TRUE(history_.leaving(example_.config).empty());
  EXPECT_TRUE(is_clean(shop().tcp));
}

// Members are sorted by service: "mail" is before "shop", and "zoo" behind it.
TEST_F(HistoryTest, FlowsOfOtherServicesKeepNoBackend) {
  example_.config.services.push_back(Example::service("mail", {"192.0.2.20"}, {25}));
  example_.config.services.push_back(Example::service("zoo", {"192.0.2.30"}, {25}));
  publish();
  example_.remove("203.0.113.12");
  publish();
  now_ += seconds(61);
  publish();
  for (int i = 0; i < 6; i++) round({ip("203.0.113.12")}, "shop");
  const Leaving leaving = history_.leaving(example_.config);
  EXPECT_FALSE(leaving.contains("shop"));
  EXPECT_TRUE(leaving.contains("mail"));
  EXPECT_TRUE(leaving.contains("zoo"));
}

TEST_F(HistoryTest, WhatIsKnownOfBackendsIsThereOnceWhereNothingChanged) {
  example_.config.pools["other"] = example_.config.pools["web"];
  example_.config.services.push_back(Example::service("mail", {"192.0.2.20"}, {25}));
  example_.config.services.back().pool = "other";
  publish();
  const KnownBackends::Services before = history_.past().backends.services();
  example_.config.pools["other"].backends[0].weight = 7;
  publish();
  const KnownBackends::Services& after = history_.past().backends.services();
  EXPECT_EQ(after.at("shop"), before.at("shop"));
  ASSERT_NE(after.at("mail"), before.at("mail"));
  EXPECT_EQ(after.at("mail")->at(example_.config.pools["other"].backends[0].address).weight, 7u);
}

TEST_F(HistoryTest, NothingIsDueWhereNothingChanges) {
  EXPECT_FALSE(history_.is_due(now_ + std::chrono::hours(24)));
  round();
  EXPECT_FALSE(history_.is_due(now_));
}

TEST_F(HistoryTest, ARingOfAnotherSizeComesWhenEveryFlowIsRemembered) {
  example_.config.ring_size = 257;
  publish();
  EXPECT_EQ(shop().tcp.ring->size(), 251u);
  EXPECT_EQ(shop().tracking, Tracking::kAlways);
  EXPECT_FALSE(history_.is_due(now_ + seconds(59)));
  now_ += seconds(60);
  ASSERT_TRUE(history_.is_due(now_));
  publish();
  ASSERT_EQ(shop().tcp.ring->size(), 257u);
  EXPECT_EQ(count_states(shop().tcp).tail, 257u) << "tables know the flows of the old ring";
  EXPECT_EQ(shop().tracking, Tracking::kAdaptive);
  EXPECT_FALSE(history_.is_due(now_));
  for (int i = 0; i < 3; i++) round();
  EXPECT_TRUE(is_clean(shop().tcp));
}

TEST_F(HistoryTest, ARingSizeTakenBackChangesNothing) {
  example_.config.ring_size = 257;
  publish();
  example_.config.ring_size = 251;
  publish();
  now_ += seconds(120);
  publish();
  EXPECT_EQ(shop().tcp.ring->size(), 251u);
  EXPECT_EQ(shop().tracking, Tracking::kAdaptive);
}

TEST_F(HistoryTest, WithoutTrackingARingOfAnotherSizeComesAtOnce) {
  example_.config.services[0].tracking = Tracking::kNever;
  publish();
  for (int i = 0; i < 6; i++) round();
  example_.config.ring_size = 257;
  publish();
  EXPECT_EQ(shop().tcp.ring->size(), 257u);
  EXPECT_TRUE(is_clean(shop().tcp));
}

}  // namespace
}  // namespace sluice::test
