// SPDX-License-Identifier: Apache-2.0
#include "health/probe/tcp_probe.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <fstream>
#include <thread>

#include "health/fixture.h"

namespace sluice::health {
namespace {

// Takes connections, one after the other, and does with each what it is told.
class Server {
 public:
  using Serve = std::function<void(int connection)>;
  explicit Server(Serve serve, const std::string& address = "127.0.0.1")
      : listening_(SOCK_STREAM, address) {
    EXPECT_EQ(listen(listening_.fd.get(), 100), 0);
    thread_ = std::thread([this, serve = std::move(serve)] {
      for (;;) {
        const UniqueFd connection(accept4(listening_.fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!connection.valid()) return;
        serve(connection.get());
      }
    });
  }
  ~Server() {
    shutdown(listening_.fd.get(), SHUT_RDWR);
    thread_.join();
  }
  const Way& way() const { return listening_.way; }

 private:
  BoundSocket listening_;
  std::thread thread_;
};

void say(int connection, const std::string& text) {
  EXPECT_EQ(send(connection, text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
}

// What the other end says until it closes or has said `until`.
std::string hear(int connection, const std::string& until) {
  std::string heard;
  char some[64 << 10];
  ssize_t n = 0;
  while (!heard.ends_with(until) && (n = recv(connection, some, sizeof some, 0)) > 0)
    heard.append(some, size_t(n));
  return heard;
}

void wait_for_end(int connection) {
  char c;
  while (recv(connection, &c, 1, 0) > 0) {
  }
}

const TcpCheck kPing = {.send = "PING\r\n", .expect = "+PONG"};

void expect(const Outcome& outcome, Answer answer, const std::string& text) {
  EXPECT_EQ(int(outcome.answer), int(answer)) << outcome.text;
  EXPECT_EQ(outcome.text, text);
}

TEST(TcpProbe, ConnectsAndTheApplicationSeesNothingOfIt) {
  const BoundSocket listening(SOCK_STREAM, "127.0.0.1");
  ASSERT_EQ(listen(listening.fd.get(), 10), 0);
  ASSERT_EQ(fcntl(listening.fd.get(), F_SETFL, O_NONBLOCK), 0);
  for (int i = 0; i < 20; i++)
    expect(ask(check(TcpCheck{}), listening.way), Answer::kGood, "connected");
  EXPECT_LT(accept(listening.fd.get(), nullptr, nullptr), 0);
  EXPECT_EQ(errno, EAGAIN);
}

TEST(TcpProbe, Ipv6) {
  const BoundSocket listening(SOCK_STREAM, "::1");
  ASSERT_EQ(listen(listening.fd.get(), 10), 0);
  Way with_source = listening.way;
  with_source.source = IpAddress::parse("::1");
  expect(ask(check(TcpCheck{}), with_source), Answer::kGood, "connected");
}

TEST(TcpProbe, APortWhereNobodyListensIsBad) {
  const BoundSocket bound(SOCK_STREAM, "127.0.0.1");  // and does not listen
  expect(ask(check(TcpCheck{}), bound.way), Answer::kBad, "connection refused");
}

TEST(TcpProbe, AHostThatDoesNotAnswerIsBad) {
  const BoundSocket listening(SOCK_STREAM, "127.0.0.1");
  ASSERT_EQ(listen(listening.fd.get(), 0), 0);
  // With a full queue of connections the kernel does not answer a SYN.
  std::vector<UniqueFd> others;
  for (int i = 0; i < 3; i++) {
    others.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    const sockaddr_in to = {.sin_family = AF_INET,
                            .sin_port = htons(listening.way.port),
                            .sin_addr = {htonl(INADDR_LOOPBACK)},
                            .sin_zero = {}};
    (void)connect(others.back().get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  expect(ask(check(TcpCheck{}, milliseconds(200)), listening.way), Answer::kBad,
         "no answer within 200ms");
}

TEST(TcpProbe, AnAnswerMayComeInPieces) {
  const Server server([](int connection) {
    EXPECT_EQ(hear(connection, "\r\n"), "PING\r\n");
    for (const char* piece : {"* hello +P", "ON", "G\r\n"}) {
      say(connection, piece);
      std::this_thread::sleep_for(milliseconds(20));
    }
    wait_for_end(connection);
  });
  expect(ask(check(kPing), server.way()), Answer::kGood, "\"+PONG\" came");
}

TEST(TcpProbe, AServerMaySpeakFirst) {
  const Server server([](int connection) {
    say(connection, "220 ready\r\n");
    wait_for_end(connection);
  });
  expect(ask(check(TcpCheck{.send = "", .expect = "220 "}), server.way()), Answer::kGood,
         "\"220 \" came");
}

TEST(TcpProbe, WhatIsSentArrivesWholeThoughLarge) {
  const std::string much(8 << 20, 'x');
  const Server server([&](int connection) {
    if (hear(connection, "end") == much + "end") say(connection, "all");
    wait_for_end(connection);
  });
  expect(ask(check(TcpCheck{.send = much + "end", .expect = "all"}, milliseconds(15000)),
             server.way()),
         Answer::kGood, "\"all\" came");
}

TEST(TcpProbe, AServerThatAcceptsAndHangsIsBad) {
  const Server server(wait_for_end);
  expect(ask(check(kPing, milliseconds(200)), server.way()), Answer::kBad,
         "connected, but no answer within 200ms");
}

TEST(TcpProbe, AWrongAnswerIsBad) {
  const Server server([](int connection) {
    hear(connection, "\r\n");
    say(connection, "-LOADING\r\n");
  });
  expect(ask(check(kPing), server.way()), Answer::kBad,
         "closed before \"+PONG\" came; \"-LOADING\\x0d\\x0a\" did");
}

TEST(TcpProbe, AWrongAnswerOnAConnectionThatStaysIsBad) {
  const Server server([](int connection) {
    say(connection, "+PON");
    wait_for_end(connection);
  });
  expect(ask(check(kPing, milliseconds(200)), server.way()), Answer::kBad,
         "connected, but \"+PONG\" did not come, only \"+PON\", within 200ms");
}

TEST(TcpProbe, ASlowAnswerIsBad) {
  const Server server([](int connection) {
    std::this_thread::sleep_for(milliseconds(600));
    (void)send(connection, "+PONG", 5, MSG_NOSIGNAL);
  });
  expect(ask(check(kPing, milliseconds(300)), server.way()), Answer::kBad,
         "connected, but no answer within 300ms");
}

TEST(TcpProbe, AResetIsBad) {
  const Server server([](int connection) {
    const linger reset = {.l_onoff = 1, .l_linger = 0};
    EXPECT_EQ(setsockopt(connection, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
  });
  expect(ask(check(TcpCheck{.send = "", .expect = "x"}), server.way()), Answer::kBad,
         "connection reset by peer");
}

TEST(TcpProbe, AServerThatNeverStopsIsNotReadForever) {
  const Server server([](int connection) {
    const std::string much(1000, 'x');
    while (send(connection, much.data(), much.size(), MSG_NOSIGNAL) > 0) {
    }
  });
  const Outcome outcome = ask(check(TcpCheck{.send = "", .expect = "y"}), server.way());
  EXPECT_EQ(int(outcome.answer), int(Answer::kBad));
  EXPECT_NE(outcome.text.find("did not come in the first 65536 bytes"), std::string::npos)
      << outcome.text;
}

TEST(TcpProbe, IsUnknownWithoutADescriptor) {
  Asker asker;
  {
    const NoDescriptors none;
    asker.begin(check(TcpCheck{}), way("127.0.0.1", 9));
  }
  asker.run();
  expect(*asker.outcomes()[0], Answer::kUnknown, "open a socket: Too many open files");
}

TEST(TcpProbe, IsUnknownWithoutARoute) {
  in_new_namespace([] {
    expect(ask(check(TcpCheck{}), way("198.51.100.1", 80)), Answer::kUnknown,
           "connect: network is unreachable");
    expect(ask(check(TcpCheck{}), way("2001:db8::1", 80)), Answer::kUnknown,
           "connect: network is unreachable");
    shell("ip route add unreachable 198.51.100.1");
    expect(ask(check(TcpCheck{}), way("198.51.100.1", 80)), Answer::kUnknown,
           "connect: no route to host");
    shell("ip route add prohibit 198.51.100.2");
    expect(ask(check(TcpCheck{}), way("198.51.100.2", 80)), Answer::kUnknown,
           "connect: permission denied");
    shell("ip route add blackhole 198.51.100.3");
    expect(ask(check(TcpCheck{}), way("198.51.100.3", 80)), Answer::kUnknown,
           "connect: invalid argument");
  });
}

TEST(TcpProbe, IsUnknownWithoutItsSource) {
  Way foreign = way("127.0.0.1", 80);
  foreign.source = IpAddress::parse("198.51.100.77");
  expect(ask(check(TcpCheck{}), foreign), Answer::kUnknown,
         "send from 198.51.100.77: Cannot assign requested address");
}

TEST(TcpProbe, IsUnknownWithoutAPort) {
  in_new_namespace([] {
    const Server server(wait_for_end);
    set_sysctl("net/ipv4/ip_local_port_range", "40000 40001");
    Asker asker;  // both ports are taken by probes under way
    for (int i = 0; i < 3; i++) asker.begin(check(kPing, milliseconds(300)), server.way());
    asker.run();
    EXPECT_EQ(int(asker.outcomes()[1]->answer), int(Answer::kBad));
    expect(*asker.outcomes()[2], Answer::kUnknown, "connect: cannot assign requested address");
  });
}

TEST(TcpProbe, AHostThatArpDoesNotFindIsBad) {
  in_new_namespace([] {
    shell("ip link add v0 type veth peer v1 && ip link set v0 up && ip link set v1 up");
    shell("ip addr add 198.51.100.1/24 dev v0");
    set_sysctl("net/ipv4/neigh/v0/retrans_time_ms", "20");
    expect(ask(check(TcpCheck{}), way("198.51.100.9", 80)), Answer::kBad, "no route to host");
  });
}

// The rule is about marked packets alone.
TEST(TcpProbe, GoesTheWayOfItsMark) {
  in_new_namespace([] {
    const Server server(wait_for_end);
    shell("ip rule del pref 0 && ip rule add pref 10 lookup local");
    shell("ip rule add pref 1 fwmark 77 prohibit");
    Way marked = server.way();
    marked.mark = 77;
    expect(ask(check(TcpCheck{}), server.way()), Answer::kGood, "connected");
    expect(ask(check(TcpCheck{}), marked), Answer::kUnknown, "connect: permission denied");
  });
}

TEST(TcpProbe, SegmentsFitTheTunnelInBothDirections) {
  for (const auto& [address, headers] : {std::pair("127.0.0.1", 40), std::pair("::1", 60)}) {
    int segment = 0;
    const Server server(
        [&](int connection) {
          hear(connection, "\r\n");
          socklen_t size = sizeof segment;
          EXPECT_EQ(getsockopt(connection, IPPROTO_TCP, TCP_MAXSEG, &segment, &size), 0);
          say(connection, "+PONG");
        },
        address);
    Way narrow = server.way();
    narrow.max_packet = 1300;
    expect(ask(check(kPing), narrow), Answer::kGood, "\"+PONG\" came");
    EXPECT_LE(segment, 1300 - headers);
    EXPECT_GE(segment, 1300 - headers - 12);  // less the timestamps
  }
}

size_t sockets_in_time_wait() {
  std::ifstream file("/proc/thread-self/net/tcp");
  std::string line;
  size_t count = 0;
  while (std::getline(file, line)) count += line.find(" 06 ") != std::string::npos;
  return count;
}

TEST(TcpProbe, LeavesNothingInTimeWait) {
  in_new_namespace([] {
    const Server server([](int connection) {
      say(connection, "+PONG");
      wait_for_end(connection);
    });
    set_sysctl("net/ipv4/ip_local_port_range", "40000 40009");
    Way with_source = server.way();
    with_source.source = IpAddress::parse("127.0.0.1");
    for (int i = 0; i < 100; i++)
      expect(ask(check(kPing), with_source), Answer::kGood, "\"+PONG\" came");
    EXPECT_EQ(sockets_in_time_wait(), 0u);
  });
}

// A port is taken for one target, and not for all of them, though the source address is given.
TEST(TcpProbe, TargetsShareThePortsOfASource) {
  in_new_namespace([] {
    const Server one(wait_for_end), other(wait_for_end);
    set_sysctl("net/ipv4/ip_local_port_range", "40000 40009");
    Asker asker;
    for (int i = 0; i < 16; i++) {
      Way with_source = i % 2 ? one.way() : other.way();
      with_source.source = IpAddress::parse("127.0.0.1");
      asker.begin(check(kPing, milliseconds(500)), with_source);
    }
    asker.run();
    for (const std::optional<Outcome>& outcome : asker.outcomes())
      expect(*outcome, Answer::kBad, "connected, but no answer within 500ms");
  });
}

TEST(TcpProbe, OfOneThatIsDestroyedNothingIsHeard) {
  const Server server(wait_for_end);
  Asker asker;
  asker.begin(check(kPing, milliseconds(50)), server.way());
  asker.begin(check(TcpCheck{}), server.way());
  asker.forget();
  asker.run_for(milliseconds(200));
  EXPECT_FALSE(asker.outcomes()[0]);
  EXPECT_FALSE(asker.outcomes()[1]);
}

TEST(TcpProbe, AnAnswerThatCameWhileWeWereHeldUpIsGood) {
  const Server server([](int connection) {
    say(connection, "+PONG");
    wait_for_end(connection);
  });
  Asker asker;
  asker.begin(check(TcpCheck{}, milliseconds(100)), server.way());
  std::this_thread::sleep_for(milliseconds(400));  // the loop stands still
  asker.run();
  expect(*asker.outcomes()[0], Answer::kGood, "connected");
}

TEST(TcpProbe, IsUnknownIfWeWereHeldUpWhenTheAnswerWasDue) {
  const Server server([](int connection) {
    hear(connection, "\r\n");
    std::this_thread::sleep_for(milliseconds(20));
    (void)send(connection, "+PONG", 5, MSG_NOSIGNAL);
  });
  Asker asker;  // connected while we were held up, there was no time to send
  asker.begin(check(kPing, milliseconds(100)), server.way());
  std::this_thread::sleep_for(milliseconds(400));  // the loop stands still
  asker.run();
  EXPECT_EQ(int(asker.outcomes()[0]->answer), int(Answer::kUnknown));
  EXPECT_NE(asker.outcomes()[0]->text.find("but we were held up for"), std::string::npos)
      << asker.outcomes()[0]->text;
}

}  // namespace
}  // namespace sluice::health
