// SPDX-License-Identifier: Apache-2.0
// The routes of /v1/config over a real socket: what becomes of a text that is sent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/client.h"
#include "api/fixture.h"

namespace sluice::api {
namespace {

using ::testing::HasSubstr;

struct ConfigRoutesTest : ::testing::Test {
  TemporaryFolder folder;
  std::string socket = folder.path("api.sock");
  RunningServer server{socket};

  Reply send(const std::string& path, const std::string& body) {
    return post_body(socket, path, body).value();
  }
};

TEST_F(ConfigRoutesTest, ADiffArrivesWhole) {
  const Reply reply = send("/v1/config/diff", "version: 1\n");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(from_document<ConfigDiff>(reply.document).value(), fixed_diff());
}

TEST_F(ConfigRoutesTest, EveryErrorOfATextIsSaid) {
  const Reply reply = send("/v1/config/diff", "an error\nfine\nerror");
  EXPECT_EQ(reply.status, 422);
  const auto errors = from_document<std::vector<ConfigError>>(reply.document.at("errors")).value();
  EXPECT_EQ(errors, (std::vector<ConfigError>{{1, 3,
                                               "no \x1b"
                                               "19"},
                                              {3, 3,
                                               "no \x1b"
                                               "19"}}));
  EXPECT_EQ(reply.document.at("error"), std::string("1:3: error: no \x1b"
                                                    "19\n3:3: error: no \x1b"
                                                    "19"));
}

TEST_F(ConfigRoutesTest, WhatDoesNotFitIsRefusedInWords) {
  const Reply reply = send("/v1/config/diff", "refused");
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(refusal(reply).message, "sluiced: 5000 members do not fit");
}

TEST_F(ConfigRoutesTest, ABodyOfSixteenMebibytesArrivesAndALargerOneIsRefused) {
  const std::string largest(16 << 20, '#');
  const Reply reply = send("/v1/config/diff", largest);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(
      send("/v1/config/diff", "error " + largest.substr(6)).document.at("errors")[0].at("message"),
      "no \x1b" + std::to_string(largest.size()));
  const Result<Reply> refused = post_body(socket, "/v1/config/diff", largest + "#");
  ASSERT_TRUE(refused) << refused.error().message;
  EXPECT_EQ(refused->status, 413);
  EXPECT_THAT(refusal(*refused).message, HasSubstr("larger than 16 MiB"));
}

TEST_F(ConfigRoutesTest, ABodyMayBeEmpty) {
  EXPECT_EQ(send("/v1/config/diff", "").status, 200);
}

TEST_F(ConfigRoutesTest, ApplyTakesATimeToConfirm) {
  const Reply reply = send("/v1/config/apply?confirm=60", "version: 1\n");
  EXPECT_EQ(from_document<ConfigApplied>(reply.document).value(),
            (ConfigApplied{fixed_diff(), 8, 60}));
  EXPECT_EQ(send("/v1/config/apply", "x").document.at("confirm_in"), 0);
  EXPECT_EQ(send("/v1/config/apply?confirm=86400", "x").status, 200);
  EXPECT_EQ(send("/v1/config/apply", "error").status, 422);
  for (const char* query : {"?confirm=0", "?confirm=86401", "?confirm=1s", "?confirm=-1",
                            "?confirm", "?confrim=60", "?to=1"})
    EXPECT_EQ(send(std::string("/v1/config/apply") + query, "x").status, 400) << query;
}

TEST_F(ConfigRoutesTest, RollbackGoesToTheOneBeforeUnlessItIsSaid) {
  EXPECT_EQ(send("/v1/config/rollback", "").document.at("generation"), 101);
  EXPECT_EQ(send("/v1/config/rollback?to=0&confirm=5", "").document.at("generation"), 100);
  EXPECT_EQ(send("/v1/config/rollback?to=2", "").status, 500);
  EXPECT_EQ(send("/v1/config/rollback?to=x", "").status, 400);
}

TEST_F(ConfigRoutesTest, HistoryAndItsTexts) {
  EXPECT_EQ(get(socket, "/v1/config/history").value().size(), 2u);
  EXPECT_EQ(from_document<ConfigText>(get(socket, "/v1/config/history/1").value()).value(),
            (ConfigText{fixed_entry(1), "version: 1\n"}));
  for (const char* number : {"2", "x", "-1", "99999999999999999999"})
    EXPECT_THAT(get(socket, std::string("/v1/config/history/") + number).error().message,
                HasSubstr("there is no configuration"))
        << number;
}

TEST_F(ConfigRoutesTest, ConfirmSaysWhenThereIsNothing) {
  EXPECT_TRUE(post(socket, "/v1/config/confirm"));
  EXPECT_EQ(post(socket, "/v1/config/confirm").error().message,
            "sluiced: nothing waits to be confirmed");
}

}  // namespace
}  // namespace sluice::api
