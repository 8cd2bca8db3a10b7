// SPDX-License-Identifier: Apache-2.0
// The documents survive the way through JSON, and readers of another age understand them.
#include "api/documents.h"

#include <gtest/gtest.h>

#include "api/fixture.h"

namespace sluice::api {
namespace {

template <class T>
T there_and_back(const T& document) {
  const std::string text = nlohmann::json(document).dump();
  return from_document<T>(nlohmann::json::parse(text)).value();
}

TEST(Documents, StatusSurvivesJson) {
  EXPECT_EQ(there_and_back(fixed_status()), fixed_status());
  EXPECT_EQ(there_and_back(Status{}), Status{});
}

TEST(Documents, OverridesAndTroubleSurviveJson) {
  EXPECT_EQ(there_and_back(status_in_trouble()), status_in_trouble());
  EXPECT_NE(status_in_trouble(), fixed_status());
}

TEST(Documents, BackendsSurviveJson) {
  PoolBackend backend = fixed_backend("web", "be2");
  backend.check = fixed_check(true);
  backend.overrides = status_in_trouble().overrides;
  backend.detail = "slow start";
  EXPECT_EQ(there_and_back(backend), backend);
  EXPECT_EQ(there_and_back(BackendList{{backend, {}}, backend.overrides, "no"}),
            (BackendList{{backend, {}}, backend.overrides, "no"}));
  EXPECT_EQ(there_and_back(Overridden{true, {backend}, "no"}), (Overridden{true, {backend}, "no"}));
}

// What scripts read; a name once given stays.
TEST(Documents, NamesOfABackendAreStable) {
  PoolBackend backend = fixed_backend("web", "be1");
  backend.overrides = {status_in_trouble().overrides[0]};
  backend.overrides[0].reason = "disks";
  backend.remaining = {true, 1, 2, 3, 4, 5, 6, 7};
  backend.check = {"rule", "tunnel", "192.0.2.10", 80, 2, 3, 4, 5, 6, 7, 8, {{"bad", "no", 9}}};
  const nlohmann::json expected = nlohmann::json::parse(R"json({
      "pool": "web", "backend": "be1", "address": "198.51.100.1", "state": "up",
      "since": "2024-02-29T12:00:00Z", "state_age": 12725.0, "verdict": "up", "weight": 100,
      "weight_configured": 100, "output": "200 OK", "detail": "",
      "overrides": [{"of": "web/be1", "what": "drain", "since": "2024-02-29T12:00:00Z",
                     "until": "2024-02-29T12:10:00Z", "ends_in": 570.0, "by": "alice (uid 0)",
                     "reason": "disks", "unknown": false}],
      "remaining": {"known": true, "flows": 1, "closing": 2, "slots": 3, "window_ends_in": 4.0,
                    "packets": 5, "packets_per_second": 6.0, "quiet": 7.0},
      "services": ["shop"], "also": ["dns/ns1"],
      "check": {"rule": "rule", "via": "tunnel", "to": "192.0.2.10", "port": 80, "rise": 2,
                "fall": 3, "good_in_a_row": 4, "bad_in_a_row": 5, "hold_down": 6.0,
                "hold_down_ends_in": 7.0, "held_for_flapping_in": 8.0,
                "last": [{"answer": "bad", "output": "no", "ago": 9.0}]}})json");
  EXPECT_EQ(nlohmann::json(backend), expected);
}

TEST(Documents, ServiceSurvivesJson) {
  EXPECT_EQ(there_and_back(shop()), shop());
  EXPECT_EQ(there_and_back(checked()), checked());
  EXPECT_EQ(there_and_back(std::vector<Service>{shop(), {}}), (std::vector<Service>{shop(), {}}));
}

TEST(Documents, FlowListSurvivesJson) {
  const FlowList list = {
      .flows = {fixed_flow(0), fixed_flow(1), {}}, .truncated = true, .next = "1-2"};
  EXPECT_EQ(there_and_back(list), list);
}

// What scripts read; a name once given stays.
TEST(Documents, AFlowsNamesAreStable) {
  const nlohmann::json json = fixed_flow(1);
  EXPECT_EQ(json, nlohmann::json::parse(R"({
      "protocol": "udp", "client": "2001:db8:c::7", "client_port": 1001,
      "vip": "2001:db8::10", "vip_port": 443, "service": "shop", "backend": "web/be3",
      "address": "198.51.100.3", "leaving": true, "table": "adopted", "state": "established",
      "idle": 12.5})"));
}

TEST(Documents, CountersAreExactNumbers) {
  const nlohmann::json json = fixed_status();
  EXPECT_TRUE(json["counters"]["forwarded"]["bytes"].is_number_unsigned());
  EXPECT_NE(json.dump().find("\"bytes\":18446744073709551615"), std::string::npos);
}

TEST(Documents, ReaderIgnoresUnknownFieldsAndDefaultsMissingOnes) {
  const nlohmann::json json = {{"name", "shop"}, {"invented-later", {1, 2}}};
  const Result<Service> service = from_document<Service>(json);
  ASSERT_TRUE(service);
  EXPECT_EQ(*service, Service{.name = "shop"});
}

TEST(Documents, WrongTypeIsAnError) {
  EXPECT_FALSE(from_document<Service>({{"name", 5}}));
  EXPECT_FALSE(from_document<Service>(nlohmann::json::array()));
  EXPECT_FALSE(from_document<std::vector<Service>>("text"));
}

}  // namespace
}  // namespace sluice::api
