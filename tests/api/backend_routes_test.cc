// SPDX-License-Identifier: Apache-2.0
// The routes of /v1/backends and /v1/nodes over a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "api/client.h"
#include "api/fixture.h"
#include "api/routes.h"

namespace sluice::api {
namespace {

using ::testing::HasSubstr;
using What = BackendOrder::What;

struct BackendRoutesTest : ::testing::Test {
  TemporaryFolder folder;
  std::string socket = folder.path("api.sock");
  RunningServer server{socket};

  Reply send(const std::string& path, const std::string& body) {
    return post_body(socket, path, body).value();
  }
  Reply ask(const std::string& path) { return get_reply(socket, path).value(); }
  const std::string uid = "uid " + std::to_string(::geteuid());
};

TEST_F(BackendRoutesTest, AListIsOfAllPoolsOrOfOne) {
  const BackendList all = from_document<BackendList>(ask("/v1/backends").document).value();
  ASSERT_EQ(all.backends.size(), 3u);
  EXPECT_EQ(all.backends[2], fixed_backend("web", "be2"));
  const BackendList web = from_document<BackendList>(ask("/v1/backends?pool=web").document).value();
  EXPECT_EQ(web.backends, (std::vector{fixed_backend("web", "be1"), fixed_backend("web", "be2")}));
}

TEST_F(BackendRoutesTest, OneIsShownInFull) {
  PoolBackend expected = fixed_backend("web", "be1");
  expected.check = fixed_check(false);
  EXPECT_EQ(from_document<PoolBackend>(ask("/v1/backends/web/be1").document).value(), expected);
  EXPECT_EQ(ask("/v1/nodes/198.51.100.1").document.size(), 2u);
  EXPECT_EQ(ask("/v1/nodes/2001:db8:0::2").document.size(), 1u) << "another spelling of it";
}

TEST_F(BackendRoutesTest, WhatThereIsNotIsNotFound) {
  const struct {
    const char* path;
    long status;
    const char* why;
  } kRows[] = {
      {"/v1/backends?pool=nosuch", 404, "there is no pool \"nosuch\""},
      {"/v1/backends?pool=", 400, "\"pool\""},
      {"/v1/backends?pol=web", 400, "\"pol\""},
      {"/v1/backends/web/be9", 404, "there is no backend \"web/be9\""},
      {"/v1/backends/web", 400, "\"web\" is not POOL/BACKEND"},
      {"/v1/backends/web/be1/x", 400, "is not POOL/BACKEND"},
      {"/v1/backends/web/%1b", 400, "is not POOL/BACKEND"},
      {"/v1/backends/", 404, "there is nothing at"},
      {"/v1/nodes/be1", 400, "\"be1\" is not an address"},
      {"/v1/nodes/::ffff:198.51.100.1", 400, "is not an address"},
      {"/v1/nodes/198.51.100.9", 404, "no backend has the address 198.51.100.9"},
  };
  for (const auto& row : kRows) {
    const Reply reply = ask(row.path);
    EXPECT_EQ(reply.status, row.status) << row.path;
    EXPECT_THAT(refusal(reply).message, HasSubstr(row.why)) << row.path;
  }
}

TEST_F(BackendRoutesTest, AnOrderArrivesWithWhoGaveIt) {
  const Reply reply = send("/v1/backends/web/be1",
                           R"({"override":"drain","for":600,"reason":"disks","by":"alice"})");
  ASSERT_EQ(reply.status, 200) << reply.document;
  EXPECT_EQ(server.backends.last_order(), (BackendOrder{What::kDrain, std::chrono::seconds(600),
                                                        "disks", "alice (" + uid + ")"}));
  const Overridden done = from_document<Overridden>(reply.document).value();
  EXPECT_TRUE(done.changed);
  ASSERT_EQ(done.backends.size(), 1u);
  EXPECT_EQ(done.backends[0].state, "drained");
  EXPECT_EQ(ask("/v1/backends/web/be1").document.at("overrides").at(0).at("by"),
            "alice (" + uid + ")");
}

TEST_F(BackendRoutesTest, WhoDoesNotSayWhoHeIsHasANumber) {
  EXPECT_EQ(send("/v1/nodes/198.51.100.1", R"({"override":"disable"})").status, 200);
  EXPECT_EQ(server.backends.last_order().by, uid);
}

TEST_F(BackendRoutesTest, AnOrderAboutANodeMeansAllOfIt) {
  const Reply reply = send("/v1/nodes/198.51.100.1", R"({"override":"drain"})");
  const Overridden done = from_document<Overridden>(reply.document).value();
  ASSERT_EQ(done.backends.size(), 2u);
  for (const PoolBackend& b : done.backends) EXPECT_EQ(b.state, "drained");
  EXPECT_EQ(send("/v1/nodes/198.51.100.1", R"({"override":"auto"})").document.at("changed"), true);
  EXPECT_EQ(send("/v1/nodes/198.51.100.1", R"({"override":"auto"})").document.at("changed"), false);
}

TEST_F(BackendRoutesTest, AnOrderIsRefusedWithAReason) {
  const struct {
    const char* path;
    std::string body;
    long status;
    const char* why;
  } kRows[] = {
      {"/v1/backends/web/be9", R"({"override":"drain"})", 404, "there is no backend \"web/be9\""},
      {"/v1/nodes/192.0.2.9", R"({"override":"drain"})", 404, "192.0.2.9"},
      {"/v1/nodes/be1", R"({"override":"drain"})", 400, "is not an address"},
      {"/v1/backends/web", R"({"override":"drain"})", 400, "is not POOL/BACKEND"},
      {"/v1/backends/web/be1", R"({"override":"ready","reason":"conflict"})", 409, "as a node"},
      {"/v1/backends/web/be1", "", 400, "the body is not an object"},
      {"/v1/backends/web/be1", R"({"override":"drain","fro":1})", 400, "\"fro\" is unknown"},
      {"/v1/backends/web/be1?for=60", R"({"override":"drain"})", 400, "\"for\""},
      {"/v1/backends", "", 405, "knows GET, HEAD only"},
  };
  for (const auto& row : kRows) {
    const Reply reply = send(row.path, row.body);
    EXPECT_EQ(reply.status, row.status) << row.path << " " << row.body;
    EXPECT_THAT(refusal(reply).message, HasSubstr(row.why)) << row.path;
  }
}

TEST_F(BackendRoutesTest, ALargeBodyIsRefused) {
  const std::string order = R"({"override":"drain"})";
  EXPECT_EQ(send("/v1/backends/web/be1", order + std::string(4096 - order.size(), ' ')).status,
            200);
  const Reply refused = send("/v1/backends/web/be1", order + std::string(4097 - order.size(), ' '));
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refusal(refused).message, HasSubstr("larger than 4 KiB"));
}

TEST_F(BackendRoutesTest, AFullDiskIsSaid) {
  server.backends.fill_disk();
  const Reply reply = send("/v1/backends/web/be1", R"({"override":"drain"})");
  EXPECT_EQ(reply.status, 200) << "it holds all the same";
  EXPECT_THAT(reply.document.at("trouble").get<std::string>(), HasSubstr("No space left"));
}

// The kernel tells who is there; without that nobody's word is taken for it.
TEST(BackendRoutes, AnUnknownPeerIsCalledThat) {
  FakeBackends backends;
  Handlers handlers;
  handlers.backends = backends.handlers();
  const Query query;
  const Answer answered = answer(handlers, {.method = "POST",
                                            .path = "/v1/backends/web/be1",
                                            .query = query,
                                            .body = R"({"override":"drain","by":"alice"})"});
  EXPECT_EQ(answered.status, 200u);
  EXPECT_EQ(backends.last_order().by, "alice (an unknown peer)");
}

}  // namespace
}  // namespace sluice::api
