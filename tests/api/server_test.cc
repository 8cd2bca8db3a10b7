// SPDX-License-Identifier: Apache-2.0
// The API over a real Unix socket: every route, every refusal, and clients that misbehave.
#include "api/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <list>

#include "api/client.h"
#include "api/fixture.h"

namespace sluice::api {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

UniqueFd connect_to(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {.sun_family = AF_UNIX};
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

// What arrives until the server hangs up; empty as well if it does not within `timeout`.
std::string read_all(const UniqueFd& fd, int timeout_ms = 10'000) {
  std::string out;
  char buffer[4096];
  for (pollfd p = {.fd = fd.get(), .events = POLLIN}; ::poll(&p, 1, timeout_ms) == 1;) {
    const ssize_t n = ::recv(fd.get(), buffer, sizeof(buffer), 0);
    if (n <= 0) return out;
    out.append(buffer, size_t(n));
  }
  ADD_FAILURE() << "the server neither answers nor hangs up";
  return out;
}

struct ServerTest : ::testing::Test {
  TemporaryFolder folder;
  std::string socket = folder.path("api.sock");
  RunningServer server{socket};

  std::string exchange(const std::string& bytes) {
    const UniqueFd fd = connect_to(socket);
    (void)::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return read_all(fd);
  }
  std::string request(const std::string& method, const std::string& path,
                      const std::string& headers = "", const std::string& body = "") {
    return exchange(method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                    headers + "\r\n" + body);
  }
};

TEST_F(ServerTest, GetsStatus) {
  EXPECT_EQ(from_document<Status>(get(socket, "/v1/status").value()).value(), fixed_status());
}

TEST_F(ServerTest, GetsServices) {
  EXPECT_EQ(from_document<std::vector<Service>>(get(socket, "/v1/services").value()).value(),
            std::vector<Service>{shop()});
  EXPECT_EQ(from_document<Service>(get(socket, "/v1/services/shop").value()).value(), shop());
}

TEST_F(ServerTest, GetsFlowsAPartAtATime) {
  const FlowList first = from_document<FlowList>(get(socket, "/v1/flows?limit=0").value()).value();
  EXPECT_EQ(first.flows.size(), 10u);
  EXPECT_TRUE(first.truncated);
  const FlowList last =
      from_document<FlowList>(get(socket, "/v1/flows?after=1-20&limit=0").value()).value();
  EXPECT_EQ(last.flows.front(), fixed_flow(20));
  EXPECT_EQ(last.flows.size(), 5u);
  EXPECT_FALSE(last.truncated);
}

TEST_F(ServerTest, AQueryIsUnescaped) {
  const FlowList list = from_document<FlowList>(
                            get(socket, "/v1/flows?backend=web%2Fbe3&limit=1&service=shop").value())
                            .value();
  EXPECT_EQ(list.flows, std::vector<Flow>{fixed_flow(1)});
}

TEST_F(ServerTest, AWrongQueryIsRefused) {
  EXPECT_THAT(request("GET", "/v1/flows?limit=many"),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr(R"({"error":"\"many\" is no value)")));
  EXPECT_THAT(request("GET", "/v1/flows?limit"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(request("GET", "/v1/flows?nosuch=1"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(request("GET", "/v1/flows?service=nosuch"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(request("GET", "/v1/flows?service=broken"), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(request("POST", "/v1/flows"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(ServerTest, LargeAnswerArrivesWhole) {
  EXPECT_EQ(from_document<Service>(get(socket, "/v1/services/large").value()).value(), large());
}

TEST_F(ServerTest, AnswersAreUncachedJson) {
  EXPECT_THAT(request("GET", "/v1/status"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Type: application/json\r\n"),
                    HasSubstr("Cache-Control: no-store\r\n")));
}

TEST_F(ServerTest, HeadSendsNoBody) {
  const std::string answer = request("HEAD", "/v1/status");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(ServerTest, UnknownServiceIsNotFound) {
  EXPECT_THAT(
      request("GET", "/v1/services/a%22b"),
      AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr(R"({"error":"there is no service \"a\"b\""})")));
  EXPECT_THAT(get(socket, "/v1/services/" + path_segment("..")).error().message,
              HasSubstr("no service \"..\""));
}

TEST_F(ServerTest, UnknownPathIsNotFound) {
  for (const char* path : {"/", "/v1", "/v2/status", "/v1/services/", "/v1/status/", "/%00"})
    EXPECT_THAT(request("GET", path), AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("{\"error\"")));
}

TEST_F(ServerTest, NameThatIsNotUtf8IsAnswered) {
  EXPECT_THAT(request("GET", "/v1/services/%ff%fe"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(ServerTest, WrongMethodSaysWhichAreAllowed) {
  EXPECT_THAT(request("POST", "/v1/status"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD\r\n")));
  EXPECT_THAT(request("GET", "/v1/unload"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: POST\r\n")));
  EXPECT_THAT(request("DELETE", "/v1/services/shop"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(ServerTest, ReloadsWithAndWithoutABody) {
  ASSERT_TRUE(post(socket, "/v1/reload"));
  EXPECT_THAT(request("POST", "/v1/reload", "Content-Length: 3\r\n", "abc"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(server.reloads, 2);
}

TEST_F(ServerTest, FailedReloadSaysWhy) {
  server.reload_fails = true;
  EXPECT_EQ(post(socket, "/v1/reload").error().message, "sluiced: sluice.yaml:1:1: error: no");
  EXPECT_THAT(request("POST", "/v1/reload"), StartsWith("HTTP/1.1 500 "));
}

TEST_F(ServerTest, UnloadIsAnsweredBeforeTheLoopStops) {
  EXPECT_THAT(request("POST", "/v1/unload", "Content-Length: 2\r\n", "{}"),
              StartsWith("HTTP/1.1 200 "));
  server.join();
  EXPECT_FALSE(std::filesystem::exists(socket));
}

TEST_F(ServerTest, OversizeBodyIsRefusedUnread) {
  EXPECT_THAT(request("POST", "/v1/reload", "Content-Length: 1048577\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(request("POST", "/v1/reload", "Content-Length: 99999999999999999999\r\n"),
              ::testing::MatchesRegex("HTTP/1.1 4(00|13) [^\n]*\r\n.*"));
  EXPECT_EQ(server.reloads, 0);
}

TEST_F(ServerTest, BodyWithoutEndIsCutOff) {
  std::string body;
  for (int i = 0; i < 40; i++) body += "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
  EXPECT_EQ(request("POST", "/v1/reload", "Transfer-Encoding: chunked\r\n", body + "0\r\n\r\n"),
            "");
  EXPECT_EQ(server.reloads, 0);
}

TEST_F(ServerTest, HeaderHasALimit) {
  EXPECT_THAT(request("GET", "/v1/status", "X: " + std::string(8000, 'x') + "\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(request("GET", "/v1/status", "X: " + std::string(12000, 'x') + "\r\n"),
              ::testing::MatchesRegex("HTTP/1.1 4(13|31) [^\n]*\r\n.*"));
  EXPECT_THAT(request("GET", "/v1/" + std::string(12000, 'x')), StartsWith("HTTP/1.1 4"));
}

TEST_F(ServerTest, GarbageIsRefusedAndTheNextOneServed) {
  exchange(std::string("\0\xff\x1b\r\n\r\n", 7));
  exchange("GET\r\n\r\n");
  EXPECT_TRUE(get(socket, "/v1/status"));
}

TEST_F(ServerTest, HalfClosedClientStillGetsItsAnswer) {
  const UniqueFd fd = connect_to(socket);
  const std::string bytes = "GET /v1/status HTTP/1.0\r\n\r\n";
  ASSERT_EQ(::send(fd.get(), bytes.data(), bytes.size(), 0), ssize_t(bytes.size()));
  ASSERT_EQ(::shutdown(fd.get(), SHUT_WR), 0);
  EXPECT_THAT(read_all(fd), StartsWith("HTTP/1.1 200 "));
}

// Idle connections use up every place; they are dropped, and those who waited are served.
TEST_F(ServerTest, IdleConnectionsAreDropped) {
  const auto begin = std::chrono::steady_clock::now();
  std::list<UniqueFd> idle;
  for (int i = 0; i < 64; i++) idle.push_back(connect_to(socket));
  EXPECT_TRUE(get(socket, "/v1/status"));
  for (const UniqueFd& fd : idle) EXPECT_EQ(read_all(fd), "");
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took, std::chrono::seconds(4));
  EXPECT_LE(took, std::chrono::seconds(9));
}

TEST(Client, SaysThatNobodyAnswers) {
  const TemporaryFolder folder;
  const std::string socket = folder.path("none.sock");
  EXPECT_EQ(
      get(socket, "/v1/status").error().message,
      "sluiced does not answer on " + socket + ": No such file or directory (is it running?)");
}

}  // namespace
}  // namespace sluice::api
