// SPDX-License-Identifier: Apache-2.0
// The gRPC probe, Google's server, and servers that are none.
#include <memory>

#include "health/probe/ask.h"
#include "health/probe/cost.h"
#include "health/probe/grpc_health.h"
#include "health/servers/grpc_server.h"
#include "health/servers/odd_server.h"
#include "health/servers/web_server.h"

namespace sluice::health {
namespace {

class Grpc : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new GrpcServer; }
  static void TearDownTestSuite() { delete std::exchange(server_, nullptr); }

  static Outcome ask(const std::string& service) {
    return ask_grpc({.service = service}, loopback(server_->port()));
  }

  static inline GrpcServer* server_ = nullptr;
};

TEST_F(Grpc, ServingIsGood) {
  EXPECT_THAT(ask(""), Is(Answer::kGood, "SERVING"));
  EXPECT_THAT(ask("shop.Cart"), Is(Answer::kGood, "SERVING"));
  EXPECT_THAT(ask(std::string(300, 'l')), Is(Answer::kGood, "SERVING"));
}

TEST_F(Grpc, AllElseIsBad) {
  EXPECT_THAT(ask("sick"), Is(Answer::kBad, "NOT_SERVING"));
  EXPECT_THAT(ask("unknown"), Is(Answer::kBad, "UNKNOWN"));
  EXPECT_THAT(ask("nobody"), Is(Answer::kBad, "SERVICE_UNKNOWN"));
  EXPECT_THAT(ask("nowhere"), Is(Answer::kBad, "NOT_FOUND: unknown service"));
  EXPECT_THAT(ask("broken"), Is(Answer::kBad, "UNAVAILABLE: no database: 100% \\x1b gone\\x0a"));
}

TEST_F(Grpc, TheServerIsToldTheTimeout) {
  EXPECT_THAT(ask_grpc({.service = "deadline"}, loopback(server_->port()), 7s),
              Is(Answer::kGood, "SERVING"));
  EXPECT_THAT(ask_grpc({.service = "deadline"}, loopback(server_->port()), 60s),
              Is(Answer::kBad, "NOT_SERVING"));
}

TEST_F(Grpc, ASlowAnswerIsBad) {
  const Outcome outcome = ask_grpc({.service = "slow"}, loopback(server_->port()), 300ms);
  // Which of us two looks at the clock first decides the words.
  EXPECT_EQ(outcome.answer, Answer::kBad) << outcome.text;
}

TEST_F(Grpc, APaddedRequestIsTaken) {
  Way way = loopback(server_->port());
  way.max_packet = 9000;
  EXPECT_THAT(ask_grpc({}, way), Is(Answer::kGood, "SERVING"));
}

TEST_F(Grpc, OverTls) {
  GrpcServer server(true);
  EXPECT_THAT(ask_grpc({.tls = true}, loopback(server.port())), Is(Answer::kGood, "SERVING"));
  EXPECT_EQ(ask_grpc({}, loopback(server.port())).answer, Answer::kBad);
  EXPECT_EQ(ask_grpc({.tls = true}, loopback(server_->port())).answer, Answer::kBad);
}

TEST_F(Grpc, AServerThatStopsOrDiesIsBad) {
  GrpcServer server;
  server.child().pause();
  EXPECT_THAT(ask_grpc({}, loopback(server.port()), 200ms),
              Is(Answer::kBad, "no answer within 200ms (connected)"));
  server.child().resume();
  EXPECT_THAT(ask_grpc({}, loopback(server.port())), Is(Answer::kGood, "SERVING"));
  server.child().kill();
  EXPECT_THAT(ask_grpc({}, loopback(server.port())), Is(Answer::kBad, "connection refused"));
}

TEST_F(Grpc, WhatIsNoGrpcServerIsBad) {
  WebServer web;
  EXPECT_THAT(ask_grpc({}, loopback(web.http2)),
              Is(Answer::kBad, "HTTP/2 404: this is no gRPC server"));
  EXPECT_THAT(ask_grpc({.tls = true}, loopback(web.self)),
              Is(Answer::kBad, "HTTP 404 Not Found: this is no gRPC server"));
  EXPECT_THAT(ask_grpc({}, loopback(web.plain)),
              Is(Answer::kBad, "connection closed without an answer in HTTP/2"));
  OddServer hangs(wait_for_end);
  EXPECT_THAT(ask_grpc({}, loopback(hangs.port()), 200ms),
              Is(Answer::kBad, "no answer within 200ms (connected)"));
  OddServer resets(reset_at_end);
  EXPECT_THAT(ask_grpc({}, loopback(resets.port())), Says(Answer::kBad, "reset"));
  OddServer babbles([](int fd) {
    while (send_text(fd, std::string(1000, '\x07'))) continue;
  });
  EXPECT_EQ(ask_grpc({}, loopback(babbles.port())).answer, Answer::kBad);
}

TEST_F(Grpc, CostIsBounded) {
  Turn turn;
  EXPECT_LT(cost("grpc", turn, 500,
                 [](Turn& t, Done done) {
                   return start_grpc_probe(*t.probers, {}, loopback(server_->port()), kPatience,
                                           std::move(done));
                 }),
            4'000);
}

// As `protoc --encode` writes them.
TEST(GrpcHealth, RequestsAreWellFormed) {
  using namespace std::string_literals;
  EXPECT_EQ(encode_health_request(""), "\0\0\0\0\0"s);
  EXPECT_EQ(encode_health_request("ab"), "\0\0\0\0\x04\x0a\x02"s + "ab"s);
  EXPECT_EQ(encode_health_request(std::string(300, 'l')),
            "\0\0\0\x01\x2f\x0a\xac\x02"s + std::string(300, 'l'));
}

TEST(GrpcHealth, AnswersAreReadAsProtocolBuffersAre) {
  using namespace std::string_literals;
  const auto decode = [](const std::string& message) {
    return decode_health_response("\0\0\0\0"s + char(message.size()) + message);
  };
  EXPECT_EQ(decode(""), ServingStatus::kUnknown);  // a default is not sent
  EXPECT_EQ(decode("\x08\x01"s), ServingStatus::kServing);
  EXPECT_EQ(decode("\x08\x02"s), ServingStatus::kNotServing);
  EXPECT_EQ(decode("\x08\x01\x08\x02"s), ServingStatus::kNotServing);
  EXPECT_EQ(decode("\x08\x81\x00"s), ServingStatus::kServing);
  EXPECT_EQ(decode("\x08\x81\x01"s), ServingStatus(129));
  // Fields that nobody knows: a varint, 8 bytes, bytes, 4 bytes, one with a long number.
  EXPECT_EQ(decode("\x10\xff\x01\x08\x01"s), ServingStatus::kServing);
  EXPECT_EQ(decode("\x11"s + "12345678"s + "\x08\x01"s), ServingStatus::kServing);
  EXPECT_EQ(decode("\x12\x02\x08\x02\x08\x01"s), ServingStatus::kServing);
  EXPECT_EQ(decode("\x15"s + "1234"s + "\x08\x01"s), ServingStatus::kServing);
  EXPECT_EQ(decode("\x80\x01\x05\x08\x01"s), ServingStatus::kServing);
}

TEST(GrpcHealth, WhatIsNoMessageIsNone) {
  using namespace std::string_literals;
  for (const std::string& body :
       {""s, "\0\0\0\0"s, "\x01\0\0\0\x02\x08\x01"s, "\0\0\0\0\x03\x08\x01"s,
        "\0\0\0\0\x02\x08\x01\x08"s, "\0\0\0\0\x01\x08"s, "\0\0\0\0\x02\x08\x81"s,
        "\0\0\0\0\x02\x12\x05"s, "\0\0\0\0\x02\x11\x05"s, "\0\0\0\0\x01\x0b"s,
        "\0\xff\xff\xff\xff\x08\x01"s, "\0\0\0\0\x0b\x08"s + std::string(10, '\xff')})
    EXPECT_FALSE(decode_health_response(body)) << ::testing::PrintToString(body);
  // Whatever it is, it is not read beyond its end.
  uint32_t seed = 1;
  for (int i = 0; i < 100'000; i++) {
    std::string body("\0\0\0\0\x08", 5);
    for (int k = 0; k < 8; k++) body += char((seed = seed * 1664525 + 1013904223) >> 24);
    (void)decode_health_response(std::string(body));
  }
}

}  // namespace
}  // namespace sluice::health
