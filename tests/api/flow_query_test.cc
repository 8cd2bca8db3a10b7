// SPDX-License-Identifier: Apache-2.0
// What may stand behind /v1/flows?
#include "api/flow_query.h"

#include <gmock/gmock.h>

namespace sluice::api {
namespace {

using ::testing::HasSubstr;

TEST(FlowQuery, EmptyAsksForTheFirstHundred) {
  const Result<FlowQuery> query = read_flow_query({});
  ASSERT_TRUE(query);
  EXPECT_EQ(*query, FlowQuery{});
  EXPECT_EQ(query->limit, 100u);
}

TEST(FlowQuery, EveryWordIsRead) {
  const Result<FlowQuery> query = read_flow_query({{"service", "shop"},
                                                   {"backend", "web/be1"},
                                                   {"vip", "192.0.2.10"},
                                                   {"client", "2001:db8:c::/48"},
                                                   {"limit", "0"},
                                                   {"after", "2-4294967295"}});
  ASSERT_TRUE(query) << query.error().message;
  const FlowQuery expected = {.service = "shop",
                              .backend = "web/be1",
                              .vip = IpPrefix::parse("192.0.2.10"),
                              .client = IpPrefix::parse("2001:db8:c::/48"),
                              .limit = 0,
                              .after = {.table = 2, .position = 4294967295}};
  EXPECT_EQ(*query, expected);
}

TEST(FlowQuery, WhatIsWrongIsNamed) {
  const Query wrong[] = {
      {{"vips", "192.0.2.10"}},  {{"service", ""}},         {{"backend", ""}},
      {{"vip", "192.0.2"}},      {{"vip", "192.0.2.1/24"}}, {{"client", "shop"}},
      {{"limit", ""}},           {{"limit", "-1"}},         {{"limit", "1x"}},
      {{"limit", "4294967296"}}, {{"after", ""}},           {{"after", "x"}},
      {{"after", "1-"}},         {{"after", "-1"}},         {{"after", "1-2-3"}}};
  for (const Query& query : wrong) {
    const Result<FlowQuery> read = read_flow_query(query);
    ASSERT_FALSE(read) << query.begin()->first << "=" << query.begin()->second;
    EXPECT_THAT(read.error().message, HasSubstr("\"" + query.begin()->first + "\""));
  }
}

TEST(FlowQuery, APlaceIsReadAsItIsWritten) {
  for (const FlowPlace& place : {FlowPlace{}, FlowPlace{2}, FlowPlace{0, 0}, FlowPlace{1, 4711}}) {
    const Result<FlowQuery> query = read_flow_query({{"after", to_string(place)}});
    ASSERT_TRUE(query) << to_string(place);
    EXPECT_EQ(query->after, place);
  }
}

}  // namespace
}  // namespace sluice::api
