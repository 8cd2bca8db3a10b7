// SPDX-License-Identifier: Apache-2.0
// Orders about backends: what is understood, and what is refused with the word that is wrong.
#include "api/backend_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::api {
namespace {

using ::testing::HasSubstr;
using What = BackendOrder::What;
using std::chrono::seconds;

TEST(BackendOrders, SurviveTheWay) {
  for (const BackendOrder& order :
       {BackendOrder{}, BackendOrder{What::kDrain, seconds(600), "new disks: \"big\"", "alice"},
        BackendOrder{What::kDisable, kLongestOverride, std::string(200, 'x'), ""},
        BackendOrder{What::kReady, seconds(0), "größer", std::string(64, 'y')}})
    EXPECT_EQ(read_order(to_body(order)).value(), order);
}

TEST(BackendOrders, AreReadAsScriptsWriteThem) {
  EXPECT_EQ(read_order(R"({"override": "drain", "for": 600, "reason": "new disks", "by": "alice"})")
                .value(),
            (BackendOrder{What::kDrain, seconds(600), "new disks", "alice"}));
}

TEST(BackendOrders, AreRefusedByTheWordThatIsWrong) {
  const struct {
    std::string body, why;
  } kRows[] = {
      {"", "not an object"},
      {"{", "not an object"},
      {"[]", "not an object"},
      {"\"drain\"", "not an object"},
      {"{}", "\"override\" is missing"},
      {R"({"override": "drian"})", "\"override\" must be \"drain\", \"disable\""},
      {R"({"override": 1})", "\"override\" must be"},
      {R"({"override": "drain", "fro": 60})", "\"fro\" is unknown"},
      {R"({"override": "drain", "for": 0})", "\"for\" must be a number of seconds"},
      {R"({"override": "drain", "for": -1})", "\"for\" must be"},
      {R"({"override": "drain", "for": 1.5})", "\"for\" must be"},
      {R"({"override": "drain", "for": "10m"})", "\"for\" must be"},
      {R"({"override": "drain", "for": 31622401})", "\"for\" must be"},
      {R"({"override": "drain", "for": 99999999999999999999})", "\"for\" must be"},
      {R"({"override": "auto", "for": 60})", "\"for\" has no meaning"},
      {R"({"override": "drain", "reason": 5})", "\"reason\" must be one line"},
      {R"({"override": "drain", "reason": "a\nb"})", "\"reason\" must be one line"},
      {R"({"override": "drain", "reason": "\u001b[31m"})", "\"reason\" must be one line"},
      {R"({"override": "drain", "reason": ")" + std::string(201, 'x') + "\"}",
       "\"reason\" must be"},
      {R"({"override": "drain", "by": ")" + std::string(65, 'x') + "\"}",
       "\"by\" must be one line"},
      {"{\"override\": \"drain\", \"reason\": \"\xff\"}", "not an object"},
  };
  for (const auto& row : kRows) {
    const Result<BackendOrder> order = read_order(row.body);
    ASSERT_FALSE(order) << row.body;
    EXPECT_THAT(order.error().message, HasSubstr(row.why)) << row.body;
  }
}

TEST(BackendOrders, DepthDoesNoHarm) {
  EXPECT_FALSE(read_order(std::string(4000, '[')));
  EXPECT_FALSE(read_order("{\"override\": " + std::string(4000, '[') + "}"));
}

TEST(BackendNames, AreAPoolAndABackend) {
  EXPECT_EQ(read_backend_name("web/be1").value(), (BackendName{"web", "be1"}));
  EXPECT_EQ(read_backend_name("service:games/2001:db8::1").value(),
            (BackendName{"service:games", "2001:db8::1"}));
  EXPECT_TRUE(read_backend_name(std::string(80, 'p') + "/" + std::string(80, 'b')));
  for (const std::string& text :
       {std::string(), std::string("web"), std::string("/"), std::string("web/"),
        std::string("/be1"), std::string("web/be1/x"), std::string("we b/be1"),
        std::string("web/\x1b"), std::string("web/b\0", 6), std::string(81, 'p') + "/b"})
    EXPECT_THAT(read_backend_name(text).error().message, HasSubstr("is not POOL/BACKEND")) << text;
}

}  // namespace
}  // namespace sluice::api
