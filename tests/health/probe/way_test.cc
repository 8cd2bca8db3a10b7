// SPDX-License-Identifier: Apache-2.0
// Probes go the way they are told, and know whose fault it is where there is none.
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include "base/unique_fd.h"
#include "health/probe/ask.h"
#include "health/servers/child.h"
#include "health/servers/odd_server.h"

namespace sluice::health {
namespace {

// A network namespace of its own for each test: lo is up, 192.0.2.1 is ours, and there is no route.
class Ways : public ::testing::Test {
 protected:
  void SetUp() override {
    home_ = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << "this test needs root";
    run_program(
        "ip link set lo up && ip addr add 192.0.2.1/32 dev lo && "
        "ip addr add 2001:db8::1/128 dev lo nodad");
  }
  void TearDown() override { ASSERT_EQ(::setns(home_.get(), CLONE_NEWNET), 0); }

  static Way to(const char* address, uint16_t port = 80) {
    return {.address = *IpAddress::parse(address), .port = port};
  }

 private:
  UniqueFd home_;
};

TEST_F(Ways, NoRouteIsOurOwnFault) {
  for (const char* address : {"198.51.100.1", "2001:db8:1::1"}) {
    EXPECT_THAT(ask_http({}, to(address)), Is(Answer::kUnknown, "connect: network is unreachable"));
    EXPECT_THAT(ask_http({.host = "shop.example"}, to(address)),
                Is(Answer::kUnknown, "connect: network is unreachable"));
    EXPECT_THAT(ask_grpc({}, to(address)), Is(Answer::kUnknown, "connect: network is unreachable"));
    EXPECT_THAT(ask_dns({.name = "shop.example"}, to(address)),
                Is(Answer::kUnknown, "connect: network is unreachable"));
  }
  run_program("ip route add unreachable 198.51.100.1");
  EXPECT_THAT(ask_http({}, to("198.51.100.1")), Is(Answer::kUnknown, "connect: no route to host"));
  run_program("ip route replace prohibit 198.51.100.1");
  EXPECT_THAT(ask_http({}, to("198.51.100.1")), Is(Answer::kUnknown, "connect: permission denied"));
}

// A router answers that it does not go on: that is not about us.
TEST_F(Ways, ARefusalOfTheNetworkIsTheBackends) {
  run_program(R"(set -e
    ip link add va type veth peer name vb
    ip link set vb address 02:00:00:00:00:0b up
    ip link set va up
    for f in all va vb; do echo 0 >/proc/sys/net/ipv4/conf/$f/rp_filter; done
    echo 1 >/proc/sys/net/ipv4/conf/vb/accept_local
    echo 1 >/proc/sys/net/ipv4/ip_forward
    ip route add 203.0.113.0/24 dev va src 192.0.2.1
    for i in 1 2; do ip neigh add 203.0.113.$i lladdr 02:00:00:00:00:0b dev va; done
    ip rule add iif vb lookup 5
    ip route add unreachable 203.0.113.1 table 5
    ip route add prohibit 203.0.113.2 table 5)");
  for (const char* address : {"203.0.113.1", "203.0.113.2"})
    EXPECT_THAT(ask_http({}, to(address)), Is(Answer::kBad, "no route to host"));
  EXPECT_THAT(ask_dns({.name = "shop.example"}, to("203.0.113.2")),
              Is(Answer::kBad, "no route to host"));
}

TEST_F(Ways, TheMarkLeadsThere) {
  OddServer server([](int fd) {
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    wait_for_end(fd);
  });
  run_program(
      "ip addr add 198.51.100.1/32 dev lo && ip rule add pref 100 lookup local && "
      "ip rule del pref 0 && ip rule add pref 1 fwmark 7 lookup local && "
      "ip rule add pref 2 to 198.51.100.1 prohibit");
  Way way = to("198.51.100.1", server.port());
  EXPECT_THAT(ask_http({}, way), Is(Answer::kUnknown, "connect: permission denied"));
  way.mark = 8;
  EXPECT_THAT(ask_http({}, way), Is(Answer::kUnknown, "connect: permission denied"));
  way.mark = 7;
  way.source = IpAddress::parse("192.0.2.1");  // the answers to the other would be prohibited, too
  EXPECT_THAT(ask_http({}, way), Is(Answer::kGood, "200 OK"));
  EXPECT_THAT(ask_dns({.name = "shop.example"}, way), Is(Answer::kBad, "connection refused"));
}

TEST_F(Ways, TheSourceIsWhatTheServerSees) {
  std::string seen;
  OddServer server([&](int fd) {
    sockaddr_in from = {};
    socklen_t size = sizeof(from);
    ::getpeername(fd, reinterpret_cast<sockaddr*>(&from), &size);
    seen = IpAddress::from_v4(&from.sin_addr).to_string();
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    wait_for_end(fd);
  });
  Way way = loopback(server.port());
  EXPECT_THAT(ask_http({}, way), Is(Answer::kGood, "200 OK"));
  EXPECT_EQ(seen, "127.0.0.1");
  way.source = IpAddress::parse("192.0.2.1");
  EXPECT_THAT(ask_http({}, way), Is(Answer::kGood, "200 OK"));
  EXPECT_EQ(seen, "192.0.2.1");
}

}  // namespace
}  // namespace sluice::health
