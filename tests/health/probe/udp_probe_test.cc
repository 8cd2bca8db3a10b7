// SPDX-License-Identifier: Apache-2.0
#include "health/probe/udp_probe.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "health/fixture.h"

namespace sluice::health {
namespace {

// Answers each datagram with what `answer` makes of it, or not at all.
class Server {
 public:
  using Answerer = std::function<std::optional<std::string>(const std::string&)>;
  explicit Server(Answerer answer, const std::string& address = "127.0.0.1")
      : socket_(SOCK_DGRAM, address) {
    thread_ = std::thread([this, answer = std::move(answer)] {
      for (;;) {
        char buffer[2048];
        sockaddr_storage from;
        socklen_t size = sizeof from;
        sockaddr* const peer = reinterpret_cast<sockaddr*>(&from);
        const ssize_t n = recvfrom(socket_.fd.get(), buffer, sizeof buffer, 0, peer, &size);
        if (n < 0 || stop_) return;
        const std::optional<std::string> said = answer(std::string(buffer, size_t(n)));
        if (said) sendto(socket_.fd.get(), said->data(), said->size(), 0, peer, size);
      }
    });
  }
  ~Server() {
    stop_ = true;
    shutdown(socket_.fd.get(), SHUT_RDWR);  // it is not connected, but that wakes it
    thread_.join();
  }
  const Way& way() const { return socket_.way; }

 private:
  BoundSocket socket_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

const UdpCheck kPing = {.send = std::string("\0ping", 5), .expect = "pong"};

void expect(const Outcome& outcome, Answer answer, const std::string& text) {
  EXPECT_EQ(int(outcome.answer), int(answer)) << outcome.text;
  EXPECT_EQ(outcome.text, text);
}

TEST(UdpProbe, AnAnswerThatBeginsAsExpectedIsGood) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    const Server server(
        [](const std::string& asked) { return asked == kPing.send ? "pong 7" : "what?"; }, address);
    Way with_source = server.way();
    with_source.source = with_source.address;
    expect(ask(check(kPing), with_source), Answer::kGood, "answered \"pong 7\"");
  }
}

TEST(UdpProbe, AnotherAnswerIsBad) {
  const Server server([](const std::string&) { return "xpong"; });
  expect(ask(check(kPing), server.way()), Answer::kBad,
         "the answer begins with \"xpong\", and not with \"pong\"");
}

TEST(UdpProbe, AnyAnswerWillDoIfNoneIsExpected) {
  const Server server([](const std::string&) { return ""; });
  expect(ask(check(UdpCheck{.send = "x", .expect = ""}), server.way()), Answer::kGood, "answered");
}

TEST(UdpProbe, NoAnswerIsBad) {
  const Server server([](const std::string&) { return std::nullopt; });
  expect(ask(check(kPing, milliseconds(150)), server.way()), Answer::kBad,
         "no answer within 150ms");
}

TEST(UdpProbe, ASlowAnswerIsBad) {
  const Server server([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(400));
    return "pong";
  });
  expect(ask(check(kPing, milliseconds(150)), server.way()), Answer::kBad,
         "no answer within 150ms");
}

TEST(UdpProbe, AClosedPortIsBad) {
  Way closed;
  {
    const BoundSocket bound(SOCK_DGRAM, "127.0.0.1");
    closed = bound.way;
  }
  expect(ask(check(kPing), closed), Answer::kBad, "connection refused");
}

TEST(UdpProbe, AnotherHostsAnswerIsNone) {
  in_new_namespace([] {
    shell("ip addr add 127.0.0.2/8 dev lo");
    const BoundSocket other(SOCK_DGRAM, "127.0.0.2");
    const Server server([&](const std::string&) { return std::nullopt; });
    Way from_one_port = server.way();
    set_sysctl("net/ipv4/ip_local_port_range", "40000 40000");
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(40000);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::thread speaker([&] {
      for (int i = 0; i < 20; i++) {
        sendto(other.fd.get(), "pong", 4, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
        std::this_thread::sleep_for(milliseconds(10));
      }
    });
    expect(ask(check(kPing, milliseconds(150)), from_one_port), Answer::kBad,
           "no answer within 150ms");
    speaker.join();
  });
}

TEST(UdpProbe, IsUnknownWithoutADescriptorARouteOrAPort) {
  Asker asker;
  {
    const NoDescriptors none;
    asker.begin(check(kPing), way("127.0.0.1", 9));
  }
  asker.run();
  expect(*asker.outcomes()[0], Answer::kUnknown, "open a socket: Too many open files");
  in_new_namespace([] {
    expect(ask(check(kPing), way("198.51.100.1", 53)), Answer::kUnknown,
           "connect: network is unreachable");
    const Server server([](const std::string&) { return std::nullopt; });
    set_sysctl("net/ipv4/ip_local_port_range", "40000 40000");
    Asker two;
    for (int i = 0; i < 2; i++) two.begin(check(kPing, milliseconds(150)), server.way());
    two.run();
    EXPECT_EQ(int(two.outcomes()[0]->answer), int(Answer::kBad));
    EXPECT_EQ(int(two.outcomes()[1]->answer), int(Answer::kUnknown)) << two.outcomes()[1]->text;
  });
}

TEST(UdpProbe, IsUnknownIfOurOwnFilterDropsIt) {
  in_new_namespace([] {
    const Server server([](const std::string&) { return "pong"; });
    shell("ip rule del pref 0 && ip rule add pref 10 lookup local");
    shell("ip rule add pref 1 fwmark 77 prohibit");
    Way marked = server.way();
    marked.mark = 77;
    expect(ask(check(kPing), marked), Answer::kUnknown, "connect: permission denied");
    expect(ask(check(kPing), server.way()), Answer::kGood, "answered \"pong\"");
  });
}

TEST(UdpProbe, AnAnswerThatCameWhileWeWereHeldUpIsGood) {
  const Server server([](const std::string&) { return "pong"; });
  const Server silent([](const std::string&) { return std::nullopt; });
  Asker asker;
  asker.begin(check(kPing, milliseconds(100)), server.way());
  asker.begin(check(kPing, milliseconds(100)), silent.way());
  std::this_thread::sleep_for(milliseconds(400));  // the loop stands still
  asker.run();
  expect(*asker.outcomes()[0], Answer::kGood, "answered \"pong\"");
  EXPECT_EQ(int(asker.outcomes()[1]->answer), int(Answer::kUnknown));
}

}  // namespace
}  // namespace sluice::health
