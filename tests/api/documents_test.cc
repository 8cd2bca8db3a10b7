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
