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

TEST(Documents, ServiceSurvivesJson) {
  EXPECT_EQ(there_and_back(shop()), shop());
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
