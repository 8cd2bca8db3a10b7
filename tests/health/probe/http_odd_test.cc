// SPDX-License-Identifier: Apache-2.0
// The HTTP probe and servers that are broken, or mean it badly.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <atomic>

#include "health/probe/ask.h"
#include "health/servers/child.h"
#include "health/servers/odd_server.h"

namespace sluice::health {
namespace {

// One that answers `text`, whatever it is asked, and waits for the client to go.
Outcome ask_one_that_says(const std::string& text, const HttpCheck& check = {},
                          std::chrono::milliseconds timeout = kPatience) {
  OddServer server([&](int fd) {
    if (send_text(fd, text)) wait_for_end(fd);
  });
  return ask_http(check, loopback(server.port()), timeout);
}

TEST(HttpOdd, NobodyListens) {
  EXPECT_THAT(ask_http({}, loopback(free_port())), Is(Answer::kBad, "connection refused"));
}

TEST(HttpOdd, ItHangs) {
  EXPECT_THAT(ask_one_that_says("", {}, 200ms),
              Is(Answer::kBad, "no answer within 200ms (connected)"));
  EXPECT_THAT(ask_one_that_says("HTTP/1.1 200 OK\r\n", {}, 200ms),
              Is(Answer::kBad, "no end of the answer within 200ms (200 OK)"));
  EXPECT_THAT(ask_one_that_says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwell", {}, 200ms),
              Is(Answer::kBad, "no end of the answer within 200ms (200 OK)"));
}

TEST(HttpOdd, ItResets) {
  OddServer at_once(reset_at_end);
  EXPECT_THAT(ask_http({}, loopback(at_once.port())), Is(Answer::kBad, "connection reset by peer"));
  OddServer later([](int fd) {
    char byte = 0;
    (void)::recv(fd, &byte, 1, 0);
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwell");
    reset_at_end(fd);
  });
  EXPECT_EQ(ask_http({}, loopback(later.port())).answer, Answer::kBad);
}

TEST(HttpOdd, ItCloses) {
  OddServer at_once([](int fd) {
    char byte = 0;
    while (byte != '\n') (void)::recv(fd, &byte, 1, 0);
    ::shutdown(fd, SHUT_WR);
    wait_for_end(fd);
  });
  EXPECT_THAT(ask_http({}, loopback(at_once.port())),
              Is(Answer::kBad, "connection closed without an answer"));
  OddServer early([](int fd) {
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwell");
    ::shutdown(fd, SHUT_WR);
    wait_for_end(fd);
  });
  EXPECT_THAT(ask_http({}, loopback(early.port())),
              Is(Answer::kBad, "connection closed before the end of the answer (200 OK)"));
}

TEST(HttpOdd, ItSaysGarbage) {
  EXPECT_THAT(ask_one_that_says("SSH-2.0-OpenSSH_9.2\r\n"),
              Is(Answer::kBad, "the answer is not HTTP"));
  EXPECT_THAT(ask_one_that_says(std::string(70'000, '\xff')),
              Is(Answer::kBad, "the answer is not HTTP"));
  EXPECT_EQ(ask_one_that_says(std::string(9, '\0'), {.http2 = true}, 300ms).answer, Answer::kBad);
  EXPECT_EQ(ask_one_that_says(std::string(70'000, '\xff'), {.http2 = true}).answer, Answer::kBad);
  // What is shown of it harms no terminal.
  EXPECT_THAT(ask_one_that_says("HTTP/1.1 500 \x1b[31m\xc3\xa4" + std::string(300, 'x') +
                                "\r\nContent-Length: 0\r\n\r\n"),
              Is(Answer::kBad, "500 \\x1b[31m\xc3\xa4" + std::string(183, 'x') + "..."));
}

TEST(HttpOdd, ItNeverEnds) {
  OddServer headers([](int fd) {
    send_text(fd, "HTTP/1.1 200 OK\r\n");
    while (send_text(fd, "X-Well: yes\r\n")) continue;
  });
  EXPECT_THAT(ask_http({}, loopback(headers.port())),
              Is(Answer::kBad, "more than 65536 bytes of headers"));
  OddServer line([](int fd) {
    send_text(fd, "HTTP/1.1 200 OK\r\nX-Well: ");
    while (send_text(fd, std::string(1000, 'y'))) continue;
  });
  EXPECT_THAT(ask_http({}, loopback(line.port())),
              Is(Answer::kBad, "a line of the headers is too long"));
  OddServer interim([](int fd) {
    while (send_text(fd, "HTTP/1.1 100 Continue\r\n\r\n")) continue;
  });
  EXPECT_THAT(ask_http({}, loopback(interim.port())),
              Is(Answer::kBad, "more than 65536 bytes of headers"));
  OddServer body([](int fd) {
    send_text(fd, "HTTP/1.1 200 OK\r\n\r\n");
    while (send_text(fd, std::string(1000, 'y'))) continue;
  });
  EXPECT_THAT(ask_http({}, loopback(body.port())), Is(Answer::kGood, "200 OK"));
}

TEST(HttpOdd, WeightsThatAreNoneAreIgnored) {
  const std::pair<const char*, double> good[] = {
      {"0", 0}, {"100", 1}, {" 7 ", 0.07}, {"12.5", 0.125}, {"1000", 10}};
  for (const auto& [text, weight] : good)
    EXPECT_EQ(ask_one_that_says(std::string("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                                            "x-load-balancing-endpoint-weight:") +
                                    text + "\r\n\r\n",
                                {.weight = WeightSource::kHeader})
                  .weight,
              weight)
        << text;
  for (const char* text : {"1001", "-1", "nan", "inf", "0x10", "1e2", "50%", "", "1 2"}) {
    const Outcome outcome = ask_one_that_says(std::string("HTTP/1.1 200 OK\r\nContent-Length: ") +
                                                  std::to_string(strlen(text)) + "\r\n\r\n" + text,
                                              {.weight = WeightSource::kBody});
    EXPECT_EQ(outcome.answer, Answer::kGood);
    EXPECT_FALSE(outcome.weight) << text;
    EXPECT_NE(outcome.text.find("is ignored"), std::string::npos) << outcome.text;
  }
}

TEST(HttpOdd, WhatAnEarlyAnswerSaysIsForgotten) {
  const Outcome outcome = ask_one_that_says(
      "HTTP/1.1 103 Early Hints\r\nX-Load-Balancing-Endpoint-Weight: 3\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      {.weight = WeightSource::kHeader});
  EXPECT_THAT(outcome, Is(Answer::kGood, "200 OK"));
}

// Every probe is a new connection, and leaves none behind: neither open nor in TIME-WAIT.
TEST(HttpOdd, ConnectionsAreNeitherKeptNorLeftBehind) {
  std::atomic<int> connections = 0, resets = 0;
  OddServer server([&](int fd) {
    connections++;
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    char bytes[4096];
    ssize_t size = 0;
    while ((size = ::recv(fd, bytes, sizeof(bytes), 0)) > 0) continue;
    resets += size < 0 && errno == ECONNRESET;
  });
  Turn turn;
  int left = 3;
  std::unique_ptr<Probe> probe;
  const std::function<void()> next = [&] {
    probe = start_http_probe(*turn.probers, {}, loopback(server.port()), kPatience,
                             [&](const Outcome&) {
                               if (--left > 0)
                                 next();
                               else
                                 turn.loop.stop();
                             });
  };
  next();
  ASSERT_TRUE(turn.loop.run().has_value());
  probe.reset();
  for (int i = 0; i < 1000 && resets < 3; i++) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(connections, 3);
  EXPECT_EQ(resets, 3);
}

TEST(HttpOdd, SegmentsFitIntoThePackets) {
  std::atomic<int> segment = 0;
  OddServer server([&](int fd) {
    tcp_info info = {};
    socklen_t size = sizeof(info);
    ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    segment = int(info.tcpi_advmss);
    char bytes[4096];
    (void)::recv(fd, bytes, sizeof(bytes), 0);
    ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    segment = int(info.tcpi_rcv_mss);
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    wait_for_end(fd);
  });
  Way way = loopback(server.port());
  way.max_packet = 1400;
  EXPECT_THAT(ask_http({}, way), Is(Answer::kGood, "200 OK"));
  EXPECT_EQ(segment, 1400 - 20 - 20 - 12);  // IPv4, TCP, timestamps
}

// nginx counts what it has decoded: HTTP/2 compresses headers.
TEST(HttpOdd, ARequestFillsAPacketOnTheWire) {
  for (const bool http2 : {false, true}) {
    std::atomic<ssize_t> received = 0;
    OddServer server([&](int fd) {
      const timeval patience = {.tv_sec = 2, .tv_usec = 0};
      ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
      char bytes[4096];
      ssize_t size = 1;
      while (size > 0 && received < 1400 - 40)
        received += std::max(ssize_t(0), size = ::recv(fd, bytes, sizeof(bytes), 0));
    });
    Way way = loopback(server.port());
    way.max_packet = 1400;
    EXPECT_EQ(ask_http({.http2 = http2}, way).answer, Answer::kBad);
    EXPECT_GE(received, 1400 - 40);
    EXPECT_LE(received, 1400 + 200);
  }
}

}  // namespace
}  // namespace sluice::health
