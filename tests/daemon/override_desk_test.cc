// SPDX-License-Identifier: Apache-2.0
// What operators may say of backends, which of two words counts, and what others are told.
#include "daemon/override_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace sluice {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using Kind = SavedOverride::Kind;
using What = api::BackendOrder::What;

const IpAddress kMachine = *IpAddress::parse("198.51.100.1");
const Moment kNow = {Time(seconds(1000)), 1'700'000'000};
const api::BackendName kBe1 = {"web", "be1"};

// web/be1 and dns/ns1 are one machine.
Config config() {
  Config out;
  out.pools["web"] = {.name = "web",
                      .backends = {{.name = "be1", .address = kMachine},
                                   {.name = "be2", .address = *IpAddress::parse("2001:db8::2")}}};
  out.pools["dns"] = {.name = "dns", .backends = {{.name = "ns1", .address = kMachine}}};
  return out;
}

struct OverrideDeskTest : ::testing::Test {
  test::TemporaryFolder folder;
  OverrideDesk desk{OverrideStore::open(folder.path("state"), kNow)};
  Config conf = config();

  tl::expected<bool, api::Refusal> say(const api::Overridable& whom, What what,
                                       const std::string& reason = "", seconds lasts = {}) {
    return desk.take(conf, whom, {what, lasts, reason, "alice (uid 0)"}, kNow);
  }
  std::optional<Kind> kind_of(const BackendRef& ref, const IpAddress& address) {
    const auto all = overrides_of(desk.all(), ref, address);
    return all.empty() ? std::nullopt : std::optional(all.front()->second.kind);
  }
  std::optional<Kind> be1() { return kind_of({"web", "be1"}, kMachine); }
  std::optional<Kind> ns1() { return kind_of({"dns", "ns1"}, kMachine); }
};

TEST_F(OverrideDeskTest, ABackendIsMeantAloneANodeWithAllItsBackends) {
  EXPECT_TRUE(say(kBe1, What::kDrain).value());
  EXPECT_EQ(be1(), Kind::kDrain);
  EXPECT_EQ(ns1(), std::nullopt);
  EXPECT_TRUE(say(kMachine, What::kDisable).value());
  EXPECT_EQ(be1(), Kind::kDisable);
  EXPECT_EQ(ns1(), Kind::kDisable);
  EXPECT_TRUE(say(kMachine, What::kAuto).value());
  EXPECT_EQ(be1(), Kind::kDrain) << "what was said of it alone holds on";
  EXPECT_EQ(ns1(), std::nullopt);
}

// Who drains a machine to switch it off must not be foiled by what somebody said of a backend once.
TEST_F(OverrideDeskTest, OfTwoTheStricterCounts) {
  say(kBe1, What::kReady).value();
  say(kMachine, What::kDrain).value();
  EXPECT_EQ(be1(), Kind::kDrain);
  say(kMachine, What::kReady).value();
  say(kBe1, What::kDisable).value();
  EXPECT_EQ(be1(), Kind::kDisable);
  EXPECT_EQ(ns1(), Kind::kReady);
}

TEST_F(OverrideDeskTest, WhatThereIsNotIsRefused) {
  const auto none = say(api::BackendName{"web", "be9"}, What::kDrain);
  EXPECT_EQ(none.error().status, 404u);
  EXPECT_EQ(none.error().why, "there is no backend \"web/be9\"");
  EXPECT_EQ(say(api::BackendName{"nosuch", "be1"}, What::kAuto).error().status, 404u);
  EXPECT_EQ(say(*IpAddress::parse("192.0.2.9"), What::kDrain).error().status, 404u);
  EXPECT_TRUE(desk.all().empty());
}

TEST_F(OverrideDeskTest, WhatWouldHaveNoEffectIsRefusedWithWhatWould) {
  say(kMachine, What::kDrain).value();
  const auto ready = say(kBe1, What::kReady);
  EXPECT_EQ(ready.error().status, 409u);
  EXPECT_EQ(ready.error().why,
            "web/be1 cannot be made ready: \"drain\" was said of its address 198.51.100.1: "
            "`sluicectl node auto 198.51.100.1` undoes that");
  const auto undone = say(kBe1, What::kAuto);
  EXPECT_EQ(undone.error().status, 409u);
  EXPECT_THAT(undone.error().why, HasSubstr("web/be1 has no override of its own: "));
  EXPECT_TRUE(say(kBe1, What::kDrain).value()) << "this has an effect, later";
  EXPECT_TRUE(say(kBe1, What::kAuto).value());
}

TEST_F(OverrideDeskTest, TheSameAgainChangesNothing) {
  EXPECT_FALSE(say(kBe1, What::kAuto).value());
  EXPECT_TRUE(say(kBe1, What::kDrain, "disks").value());
  EXPECT_FALSE(say(kBe1, What::kDrain).value());
  EXPECT_TRUE(say(kBe1, What::kDrain, "memory").value());
  EXPECT_TRUE(say(kBe1, What::kDrain, "", seconds(60)).value()) << "now it has an end";
  EXPECT_TRUE(say(kBe1, What::kDrain, "", seconds(60)).value()) << "a later one";
  EXPECT_TRUE(say(kBe1, What::kDisable).value());
}

TEST_F(OverrideDeskTest, ADrainThatIsExtendedBeganWhenItBegan) {
  say(kBe1, What::kDrain).value();
  Moment later = kNow;
  later.wall += 3600;
  later.steady += seconds(3600);
  ASSERT_TRUE(desk.take(conf, kBe1, {What::kDrain, seconds(60), "", "uid 1"}, later).value());
  EXPECT_EQ(report_overrides(desk.all(), conf, later)[0].since, "2023-11-14T22:13:20Z");
  ASSERT_TRUE(desk.take(conf, kBe1, {What::kDisable, seconds(60), "", "uid 1"}, later).value());
  EXPECT_EQ(report_overrides(desk.all(), conf, later)[0].since, "2023-11-14T23:13:20Z");
}

TEST_F(OverrideDeskTest, OneOfABackendThatIsGoneIsToldOfAndCanBeUndone) {
  say(kBe1, What::kDrain).value();
  say(kMachine, What::kDrain).value();
  conf.pools.erase("dns");
  conf.pools["web"].backends.erase(conf.pools["web"].backends.begin());
  const auto all = report_overrides(desk.all(), conf, kNow);
  ASSERT_EQ(all.size(), 2u);
  for (const api::Override& o : all) EXPECT_TRUE(o.unknown) << o.of;
  EXPECT_TRUE(say(kBe1, What::kAuto).value());
  EXPECT_TRUE(say(kMachine, What::kAuto).value());
  EXPECT_EQ(say(kBe1, What::kAuto).error().status, 404u);
}

TEST_F(OverrideDeskTest, ReportsSayUntilWhenByWhomAndWhy) {
  say(kBe1, What::kDrain, "disks", seconds(600)).value();
  Moment later = kNow;
  later.steady += seconds(200);
  later.wall += 86'400 + 200;  // the clock was wrong by a day
  EXPECT_EQ(report_overrides(desk.all(), conf, later),
            (std::vector<api::Override>{{.of = "web/be1",
                                         .what = "drain",
                                         .since = "2023-11-14T22:13:20Z",
                                         .until = "2023-11-15T22:23:20Z",
                                         .ends_in = 400,
                                         .by = "alice (uid 0)",
                                         .reason = "disks"}}));
}

TEST_F(OverrideDeskTest, ReportsAreOfAPoolOrABackend) {
  say(kBe1, What::kReady).value();
  say(api::BackendName{"web", "be2"}, What::kDrain).value();
  say(kMachine, What::kDrain).value();
  const auto names = [](const std::vector<api::Override>& all) {
    std::vector<std::string> out;
    for (const api::Override& o : all) out.push_back(o.of);
    return out;
  };
  EXPECT_EQ(names(report_overrides(desk.all(), conf, kNow, "dns")),
            std::vector<std::string>{"198.51.100.1"});
  EXPECT_EQ(names(report_overrides(desk.all(), conf, kNow, "web")),
            (std::vector<std::string>{"web/be1", "web/be2", "198.51.100.1"}));
  EXPECT_EQ(names(report_overrides(desk.all(), conf, kNow, {"web", "be1"}, kMachine)),
            (std::vector<std::string>{"198.51.100.1", "web/be1"}))
      << "the one that counts comes first";
}

TEST_F(OverrideDeskTest, TimeEndsThem) {
  say(kBe1, What::kDrain, "", seconds(60)).value();
  Moment later = kNow;
  EXPECT_FALSE(desk.tend(later));
  later.steady += seconds(60);
  EXPECT_TRUE(desk.tend(later));
  EXPECT_EQ(be1(), std::nullopt);
}

}  // namespace
}  // namespace sluice
