// SPDX-License-Identifier: Apache-2.0
// The HTTP probe and nginx.
#include <sys/resource.h>

#include <cstdlib>

#include "base/unique_fd.h"
#include "health/probe/ask.h"
#include "health/servers/web_server.h"

namespace sluice::health {
namespace {

class Http : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new WebServer; }
  static void TearDownTestSuite() { delete std::exchange(server_, nullptr); }

  Outcome ask(const HttpCheck& check) { return ask_http(check, loopback(server_->plain)); }

  static inline WebServer* server_ = nullptr;
};

TEST_F(Http, StatusesThatAreWantedAreGood) {
  EXPECT_THAT(ask({.path = "/ok"}), Is(Answer::kGood, "200 OK"));
  EXPECT_THAT(ask({.path = "/sick"}),
              Is(Answer::kBad, "503 Service Temporarily Unavailable, wanted 200-299"));
  EXPECT_THAT(ask({.path = "/sick", .statuses = {{503, 503}}}),
              Is(Answer::kGood, "503 Service Temporarily Unavailable"));
  EXPECT_THAT(ask({.path = "/none", .statuses = {{200, 200}, {300, 399}}}),
              Is(Answer::kBad, "404 Not Found, wanted 200, 300-399"));
}

TEST_F(Http, RedirectsAreNotFollowed) {
  EXPECT_THAT(ask({.path = "/moved"}), Is(Answer::kBad, "302 Moved Temporarily, wanted 200-299"));
  EXPECT_THAT(ask({.path = "/moved", .statuses = {{302, 302}}}),
              Is(Answer::kGood, "302 Moved Temporarily"));
}

TEST_F(Http, TheBodyHasToContainTheText) {
  EXPECT_THAT(ask({.path = "/ok", .body = "is well"}), Is(Answer::kGood, "200 OK"));
  EXPECT_THAT(ask({.path = "/ok", .body = "is ill"}),
              Is(Answer::kBad, "200 OK, but \"is ill\" is not in the body"));
}

TEST_F(Http, OfALargeBodyTheBeginningIsRead) {
  EXPECT_THAT(ask({.path = "/large"}), Is(Answer::kGood, "200 OK"));
  EXPECT_THAT(ask({.path = "/large", .body = "..."}), Is(Answer::kGood, "200 OK"));
  EXPECT_THAT(ask({.path = "/large", .body = "well"}),
              Is(Answer::kBad, "200 OK, but \"well\" is not in the first 64 KiB of the body"));
}

TEST_F(Http, TheRequestIsAsTheOperatorMeantIt) {
  const std::string authority = "127.0.0.1:" + std::to_string(server_->plain);
  const std::string rest =
      " sni= protocol=HTTP/1.1 cookie= agent=sluice/" SLUICE_VERSION " encoding=";
  EXPECT_THAT(ask({.path = "/who", .body = "host=" + authority + rest}),
              Is(Answer::kGood, "200 OK"));
  EXPECT_THAT(ask({.path = "/who", .host = "shop.example", .body = "host=shop.example" + rest}),
              Is(Answer::kGood, "200 OK"));
  EXPECT_THAT(
      ask({.path = "/who?a=/../b", .host = "shop.example:8", .body = "host=shop.example:8 "}),
      Is(Answer::kGood, "200 OK"));
}

TEST_F(Http, Ipv6IsAskedByItsAddress) {
  const Way way = {.address = *IpAddress::parse("::1"), .port = server_->plain};
  EXPECT_THAT(ask_http({.path = "/who", .body = "host=[::1]:" + std::to_string(way.port)}, way),
              Is(Answer::kGood, "200 OK"));
  EXPECT_THAT(ask_http({.path = "/who", .host = "shop.example", .body = "host=shop.example "}, way),
              Is(Answer::kGood, "200 OK"));
}

TEST_F(Http, NoProxyOfTheEnvironmentIsAsked) {
  const std::string nobody = "http://127.0.0.1:" + std::to_string(free_port());
  ::setenv("http_proxy", nobody.c_str(), 1);
  ::setenv("ALL_PROXY", nobody.c_str(), 1);
  EXPECT_THAT(ask({.path = "/ok"}), Is(Answer::kGood, "200 OK"));
  EXPECT_THAT(ask({.path = "/ok", .host = "shop.example"}), Is(Answer::kGood, "200 OK"));
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
}

TEST_F(Http, TheBackendSaysItsWeight) {
  const Outcome half = ask({.path = "/weight/header", .weight = WeightSource::kHeader});
  EXPECT_THAT(half, Says(Answer::kGood, "200 OK, weight 50"));
  EXPECT_EQ(half.weight, 0.5);
  EXPECT_EQ(ask({.path = "/weight/body", .weight = WeightSource::kBody}).weight, 0.5);
  // Nobody has asked, it does not say, it is not a number, it says so of a bad answer.
  EXPECT_THAT(ask({.path = "/weight/header"}), Is(Answer::kGood, "200 OK"));
  EXPECT_THAT(ask({.path = "/ok", .weight = WeightSource::kHeader}), Is(Answer::kGood, "200 OK"));
  EXPECT_THAT(
      ask({.path = "/weight/nonsense", .weight = WeightSource::kHeader}),
      Is(Answer::kGood, "200 OK, but its weight \"1e9\" is not a number of 0-1000 and is ignored"));
  EXPECT_THAT(ask({.path = "/weight/nonsense", .weight = WeightSource::kBody}),
              Is(Answer::kGood,
                 "200 OK, but its weight \"much\" is not a number of 0-1000 and is ignored"));
  EXPECT_THAT(ask({.path = "/weight/header", .body = "no", .weight = WeightSource::kHeader}),
              Is(Answer::kBad, "200 OK, but \"no\" is not in the body"));
}

TEST_F(Http, Http2WithoutTlsIsKnownBeforehand) {
  const Way way = loopback(server_->http2);
  EXPECT_THAT(ask_http({.http2 = true, .path = "/who", .body = "protocol=HTTP/2.0"}, way),
              Is(Answer::kGood, "200"));
  EXPECT_THAT(ask_http({.http2 = true, .path = "/sick"}, way),
              Is(Answer::kBad, "503, wanted 200-299"));
  const Outcome half =
      ask_http({.http2 = true, .path = "/weight/header", .weight = WeightSource::kHeader}, way);
  EXPECT_EQ(half.weight, 0.5);
  EXPECT_THAT(ask_http({.http2 = true, .path = "/ok"}, loopback(server_->plain)),
              Is(Answer::kBad, "connection closed without an answer in HTTP/2"));
  EXPECT_THAT(ask_http({.path = "/ok"}, way), Is(Answer::kBad, "the answer is not HTTP"));
}

// So that a packet too large for the way to the backend is among them.
TEST_F(Http, ARequestFillsAPacket) {
  for (const uint16_t port : {server_->plain, server_->http2}) {
    Way way = loopback(port);
    way.max_packet = 1400;
    const size_t before = server_->requests().size();
    EXPECT_EQ(ask_http({.http2 = port == server_->http2, .path = "/ok"}, way).answer,
              Answer::kGood);
    const std::string line = server_->request_after(before);
    const int bytes = std::stoi(line.substr(line.find(' ')));
    EXPECT_GE(bytes, 1400 - 40);
    EXPECT_LE(bytes, 1400 + 200);
  }
}

TEST_F(Http, ARequestIsNeverLongerThanServersTake) {
  Way way = loopback(server_->plain);
  way.max_packet = 65'000;
  EXPECT_THAT(ask_http({.path = "/ok"}, way), Is(Answer::kGood, "200 OK"));
}

TEST_F(Http, ASlowAnswerIsBad) {
  EXPECT_THAT(ask_http({.path = "/slow"}, loopback(server_->plain), 300ms),
              Is(Answer::kBad, "no end of the answer within 300ms (200 OK)"));
}

TEST_F(Http, ABackendThatStopsOrDiesIsBadAndMayComeBack) {
  const Way way = loopback(server_->plain);
  server_->child().pause();
  EXPECT_THAT(ask_http({.path = "/ok"}, way, 200ms),
              Is(Answer::kBad, "no answer within 200ms (connected)"));
  server_->child().resume();
  EXPECT_THAT(ask({.path = "/ok"}), Is(Answer::kGood, "200 OK"));
  server_->child().kill();
  EXPECT_THAT(ask({.path = "/ok"}), Is(Answer::kBad, "connection refused"));
  server_->restart();
  EXPECT_THAT(ask({.path = "/ok"}), Is(Answer::kGood, "200 OK"));
}

// Half of them are ended by the others.
TEST_F(Http, ManyAreUnderWayAtOnce) {
  constexpr size_t kProbes = 400;
  Turn turn;
  std::vector<std::unique_ptr<Probe>> probes(2 * kProbes);
  size_t good = 0;
  for (size_t i = 0; i < probes.size(); i++)
    probes[i] = start_http_probe(*turn.probers, {.path = "/ok"}, loopback(server_->plain),
                                 kPatience, [&, i](const Outcome& outcome) {
                                   EXPECT_THAT(outcome, Is(Answer::kGood, "200 OK"));
                                   probes[i ^ 1].reset();  // the other of a pair
                                   probes[i].reset();
                                   if (++good == kProbes) turn.loop.stop();
                                 });
  const EventLoop::Source guard = must(turn.loop.after(30s, [&] { turn.loop.stop(); }));
  ASSERT_TRUE(turn.loop.run().has_value());
  EXPECT_EQ(good, kProbes);
}

TEST_F(Http, WhatIsOurOwnFaultIsUnknown) {
  Way elsewhere = loopback(server_->plain);
  elsewhere.source = IpAddress::parse("192.0.2.1");
  EXPECT_THAT(ask_http({.path = "/ok"}, elsewhere),
              Is(Answer::kUnknown, "send from 192.0.2.1: Cannot assign requested address"));
  EXPECT_THAT(ask({.path = "/o k"}), Says(Answer::kUnknown, "URL"));

  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  Turn turn;  // has its own
  const UniqueFd next(::dup(0));
  const rlimit none = {rlim_t(next.get()), limit.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  const Outcome outcome = turn.ask([&](Done done) {
    return start_http_probe(*turn.probers, {.path = "/ok"}, loopback(server_->plain), kPatience,
                            std::move(done));
  });
  ::setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_THAT(outcome, Is(Answer::kUnknown, "open a socket: Too many open files"));
}

}  // namespace
}  // namespace sluice::health
