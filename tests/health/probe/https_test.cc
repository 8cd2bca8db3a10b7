// SPDX-License-Identifier: Apache-2.0
// The HTTPS probe and nginx.
#include "health/probe/ask.h"
#include "health/servers/odd_server.h"
#include "health/servers/web_server.h"

namespace sluice::health {
namespace {

class Https : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new WebServer; }
  static void TearDownTestSuite() { delete std::exchange(server_, nullptr); }

  // Only the server's authority is believed.
  static Outcome ask(const HttpCheck& check, uint16_t port) {
    return ask_http(check, loopback(port), kPatience, server_->authority);
  }
  static HttpCheck verified(const std::string& host) {
    return {.tls = true, .verify = true, .path = "/ok", .host = host};
  }

  static inline WebServer* server_ = nullptr;
};

TEST_F(Https, WithoutVerificationAnyCertificateWillDo) {
  for (const uint16_t port : {server_->secure, server_->expired, server_->self}) {
    EXPECT_THAT(ask_http({.tls = true, .path = "/ok"}, loopback(port)),
                Is(Answer::kGood, "200 OK"));
    EXPECT_THAT(ask_http({.tls = true, .path = "/ok", .host = "other.example"}, loopback(port)),
                Is(Answer::kGood, "200 OK"));
  }
}

TEST_F(Https, WithVerificationTheCertificateHasToBeGood) {
  EXPECT_THAT(ask(verified("shop.example"), server_->secure), Is(Answer::kGood, "200 OK"));
  EXPECT_THAT(ask(verified(""), server_->secure), Is(Answer::kGood, "200 OK"));  // its address
  EXPECT_THAT(ask(verified("shop.example"), server_->expired),
              Is(Answer::kBad, "TLS: certificate has expired"));
  EXPECT_THAT(ask(verified("shop.example"), server_->self),
              Is(Answer::kBad, "TLS: self-signed certificate"));
  EXPECT_THAT(ask(verified("other.example"), server_->secure),
              Is(Answer::kBad,
                 "TLS: no alternative certificate subject name matches target host "
                 "name 'other.example'"));
  // The system does not believe our authority.
  EXPECT_THAT(ask_http(verified("shop.example"), loopback(server_->secure)),
              Is(Answer::kBad, "TLS: unable to get local issuer certificate"));
}

TEST_F(Https, AuthoritiesThatCannotBeReadAreOurOwnFault) {
  EXPECT_THAT(ask_http(verified("shop.example"), loopback(server_->secure), kPatience, "/nowhere"),
              Says(Answer::kUnknown, "/nowhere"));
}

TEST_F(Https, TheHostIsToldBeforeTheCertificate) {
  EXPECT_THAT(ask({.tls = true,
                   .path = "/who",
                   .host = "shop.example",
                   .body = "host=shop.example sni=shop.example protocol=HTTP/1.1"},
                  server_->secure),
              Is(Answer::kGood, "200 OK"));
  EXPECT_THAT(ask({.tls = true, .path = "/who", .body = " sni= "}, server_->secure),
              Is(Answer::kGood, "200 OK"));
}

TEST_F(Https, Http2HasToBeAgreedUpon) {
  const HttpCheck check = {
      .tls = true, .http2 = true, .path = "/who", .host = "shop.example", .body = "=HTTP/2.0"};
  EXPECT_THAT(ask(check, server_->secure), Is(Answer::kGood, "200"));
  EXPECT_THAT(ask(check, server_->self),
              Is(Answer::kBad, "200 OK, but in HTTP/1.1: HTTP/2 was not agreed upon"));
}

TEST_F(Https, WhatIsNotTlsIsBad) {
  EXPECT_THAT(ask({.tls = true, .path = "/ok"}, server_->plain), Says(Answer::kBad, "TLS: "));
  EXPECT_THAT(ask({.path = "/ok"}, server_->secure),
              Is(Answer::kBad, "400 Bad Request, wanted 200-299"));
}

TEST_F(Https, AHandshakeThatHangsOrBreaksIsBad) {
  OddServer hangs(wait_for_end);
  EXPECT_THAT(ask_http({.tls = true}, loopback(hangs.port()), 200ms),
              Is(Answer::kBad, "no answer within 200ms (connected)"));
  OddServer resets(reset_at_end);
  EXPECT_THAT(ask_http({.tls = true}, loopback(resets.port())), Says(Answer::kBad, "reset"));
  OddServer closes([](int) {});
  EXPECT_EQ(ask_http({.tls = true}, loopback(closes.port())).answer, Answer::kBad);
}

TEST_F(Https, ABackendThatStopsOrDiesIsBad) {
  server_->child().pause();
  EXPECT_THAT(ask_http({.tls = true, .path = "/ok"}, loopback(server_->secure), 200ms),
              Is(Answer::kBad, "no answer within 200ms (connected)"));
  server_->restart();
  EXPECT_THAT(ask({.tls = true, .path = "/ok"}, server_->secure), Is(Answer::kGood, "200 OK"));
}

}  // namespace
}  // namespace sluice::health
