// SPDX-License-Identifier: Apache-2.0
// How soon it is found, of each kind of probe, that a real server has failed or is back.
//
// nginx (which has no workers here), dnsmasq and Google's gRPC server are killed and started again,
// stopped and let go on, and change what they say while they run. What none of them does is done by
// a server of our own, to which the way leads meanwhile.
#include "health/detection.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "health/fixture.h"
#include "health/neighbour.h"
#include "health/probe/socket.h"
#include "health/servers/child.h"
#include "health/servers/grpc_server.h"
#include "health/servers/name_server.h"
#include "health/servers/odd_datagrams.h"
#include "health/servers/odd_server.h"
#include "health/servers/web_server.h"
#include "support/temporary_folder.h"

namespace sluice::health {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Probed = decltype(Check::probe);
using Said = ::testing::Matcher<const std::string&>;

// Later than the probe waits.
constexpr milliseconds kLate{250};

Way local(uint16_t port) {
  return way("127.0.0.1", port);
}

// A file that is another one at once.
void write(const std::string& path, const std::string& text) {
  std::ofstream(path + ".new") << text << std::flush;
  std::filesystem::rename(path + ".new", path);
}

// ---- nginx, by all that it speaks.

struct WebKind {
  const char* name;
  Probed (*ask)(const std::string& path);
  uint16_t WebServer::*port;
  Said good, none, other, hang, slow, reset;
};

void PrintTo(const WebKind& kind, std::ostream* out) {
  *out << kind.name;
}

Probed ask_tcp(const std::string& path) {
  return TcpCheck{.send = "GET " + path + " HTTP/1.0\r\n\r\n", .expect = "all is well"};
}
Probed ask_http(const std::string& path) {
  return HttpCheck{.path = path, .body = "all is well"};
}
Probed ask_http2(const std::string& path) {
  return HttpCheck{.http2 = true, .path = path, .body = "all is well"};
}
Probed ask_https(const std::string& path) {
  return HttpCheck{.tls = true, .path = path, .body = "all is well"};
}
Probed ask_https2(const std::string& path) {
  return HttpCheck{.tls = true, .http2 = true, .path = path, .body = "all is well"};
}

const WebKind kWebKinds[] = {
    {"Tcp", ask_tcp, &WebServer::plain, "\"all is well\" came",
     StartsWith("closed before \"all is well\" came; \"HTTP/1.1 404"),
     StartsWith("closed before \"all is well\" came; \"HTTP/1.1 200"),
     "connected, but no answer within 150ms",
     StartsWith("connected, but \"all is well\" did not come, only \"HTTP/1.1 200"),
     HasSubstr("reset")},
    {"Http", ask_http, &WebServer::plain, "200 OK", "404 Not Found, wanted 200-299",
     "200 OK, but \"all is well\" is not in the body", "no answer within 150ms (connected)",
     "no end of the answer within 150ms (200 OK)", "connection reset by peer"},
    {"Http2", ask_http2, &WebServer::http2, "200", "404, wanted 200-299",
     "200, but \"all is well\" is not in the body", "no answer within 150ms (connected)",
     "no end of the answer within 150ms (200)", HasSubstr("reset")},
    {"Https", ask_https, &WebServer::secure, "200 OK", "404 Not Found, wanted 200-299",
     "200 OK, but \"all is well\" is not in the body", "no answer within 150ms (connected)",
     "no end of the answer within 150ms (200 OK)", HasSubstr("reset")},
    {"Https2", ask_https2, &WebServer::secure, "200", "404, wanted 200-299",
     "200, but \"all is well\" is not in the body", "no answer within 150ms (connected)",
     "no end of the answer within 150ms (200)", HasSubstr("reset")}};

class WebDetection : public ::testing::TestWithParam<WebKind> {};

INSTANTIATE_TEST_SUITE_P(, WebDetection, ::testing::ValuesIn(kWebKinds),
                         [](const auto& p) { return p.param.name; });

TEST_P(WebDetection, IsInTime) {
  const WebKind& kind = GetParam();
  WebServer dies, hangs, errs;
  const OddServer resets(reset_at_end);
  const auto put = [&](const char* name, const char* text, bool slow = false) {
    return [&errs, name, text, slow] { errs.put(name, text, slow); };
  };
  for (const WebServer* server : {&dies, &hangs}) server->put("well", "all is well");
  for (const char* name : {"none", "other", "slow", "well"}) put(name, "all is well")();
  const auto fault = [&](const char* name, WebServer& server, const char* document) {
    return Fault{.name = name,
                 .probe = kind.ask(std::string("/document/") + document),
                 .way = local(server.*kind.port),
                 .bad = {},
                 .good = kind.good};
  };
  Fault killed = fault("Kill", dies, "well"), hung = fault("Hang", hangs, "well");
  Fault none = fault("WrongStatus", errs, "none"), other = fault("WrongBody", errs, "other");
  Fault slow = fault("Slow", errs, "slow"), reset = fault("Reset", errs, "well");
  killed.begin = [&] { dies.child().kill(); };
  killed.end = [&] { dies.restart(); };
  killed.bad = "connection refused";
  hung.begin = [&] { hangs.child().pause(); };
  hung.end = [&] { hangs.child().resume(); };
  hung.bad = kind.hang;
  none.begin = [&] { errs.remove("none"); };
  none.end = put("none", "all is well");
  none.bad = kind.none;
  other.begin = put("other", "all is lost");
  other.end = put("other", "all is well");
  other.bad = kind.other;
  slow.begin = put("slow", "all is well", true);
  slow.end = put("slow", "all is well");
  slow.bad = kind.slow;
  reset.instead = local(resets.port());
  reset.bad = kind.reset;
  expect_detection(kind.name, {killed, hung, none, other, slow, reset});
}

// ---- A connection alone. What comes after it (wrong, slow, reset) is not seen; a server that
// hangs is, once nobody takes connections out of its queue and that is full.

TEST(Detection, TcpConnect) {
  WebServer dies;
  BoundSocket hangs(SOCK_STREAM, "127.0.0.1");
  ASSERT_EQ(listen(hangs.fd.get(), 0), 0);
  const SocketAddress to = socket_address(hangs.way.address, hangs.way.port);
  UniqueFd client, accepted;
  expect_detection("TcpConnect",
                   {{.name = "Kill",
                     .probe = TcpCheck{},
                     .way = local(dies.plain),
                     .begin = [&] { dies.child().kill(); },
                     .end = [&] { dies.restart(); },
                     .bad = "connection refused",
                     .good = "connected"},
                    {.name = "QueueFull",
                     .probe = TcpCheck{},
                     .way = hangs.way,
                     .begin =
                         [&] {
                           client = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
                           EXPECT_EQ(connect(client.get(), to.get(), to.size), 0);
                         },
                     .end =
                         [&] {
                           accepted = UniqueFd(accept(hangs.fd.get(), nullptr, nullptr));
                           EXPECT_TRUE(accepted.valid());
                         },
                     .bad = "no answer within 150ms",
                     .good = "connected"}});
}

// ---- gRPC. A server that dies is one of Python's: it takes a second to come back.

TEST(Detection, Grpc) {
  const test::TemporaryFolder folder;
  GrpcServer dies, hangs, errs;
  const OddServer resets(reset_at_end);
  const std::string other = folder.path("other"), slow = folder.path("slow");
  const auto says = [](const std::string& file, const char* text) {
    return [file, text] { write(file, text); };
  };
  says(other, "1 0")();
  says(slow, "1 0")();
  expect_detection("Grpc",
                   {{.name = "Kill",
                     .probe = GrpcCheck{},
                     .way = local(dies.port()),
                     .begin = [&] { dies.child().kill(); },
                     .end = [&] { dies.restart(); },
                     .bad = "connection refused",
                     .good = "SERVING"},
                    {.name = "Hang",
                     .probe = GrpcCheck{},
                     .way = local(hangs.port()),
                     .begin = [&] { hangs.child().pause(); },
                     .end = [&] { hangs.child().resume(); },
                     .bad = "no answer within 150ms (connected)",
                     .good = "SERVING"},
                    {.name = "NotServing",
                     .probe = GrpcCheck{.service = other},
                     .way = local(errs.port()),
                     .begin = says(other, "2 0"),
                     .end = says(other, "1 0"),
                     .bad = "NOT_SERVING",
                     .good = "SERVING"},
                    // It is told the timeout: who of the two looks first at the clock
                    // decides the words.
                    {.name = "Slow",
                     .probe = GrpcCheck{.service = slow},
                     .way = local(errs.port()),
                     .begin = says(slow, "1 0.25"),
                     .end = says(slow, "1 0"),
                     .bad = testing::AnyOf(StartsWith("no answer within 150ms"),
                                           HasSubstr("DEADLINE_EXCEEDED"), HasSubstr("CANCEL")),
                     .good = "SERVING"},
                    {.name = "Reset",
                     .probe = GrpcCheck{},
                     .way = local(errs.port()),
                     .instead = local(resets.port()),
                     .bad = HasSubstr("reset"),
                     .good = "SERVING"}});
}

// ---- UDP knows no reset; that a port is closed ICMP says.

std::vector<std::string> late_echo(const std::string& question) {
  std::this_thread::sleep_for(kLate);
  return {question};
}

TEST(Detection, Dns) {
  NameServer dies, hangs, errs;
  errs.know("192.0.2.2 other.shop.example\n");
  const OddDatagrams late(late_echo);
  const auto fault = [](const char* name, const NameServer& server, Said bad) {
    return Fault{.name = name,
                 .probe = DnsCheck{.name = "www.shop.example"},
                 .way = local(server.port),
                 .bad = std::move(bad),
                 .good = "NOERROR, 1 record"};
  };
  Fault killed = fault("Kill", dies, "connection refused");
  killed.begin = [&] { dies.child().kill(); };
  killed.end = [&] { dies.restart(); };
  Fault hung = fault("Hang", hangs, "no answer within 150ms");
  hung.begin = [&] { hangs.child().pause(); };
  hung.end = [&] { hangs.child().resume(); };
  Fault other = fault("WrongRcode", errs, "NXDOMAIN, wanted NOERROR");
  other.probe = DnsCheck{.name = "other.shop.example"};
  other.begin = [&] { errs.know(""); };
  other.end = [&] { errs.know("192.0.2.2 other.shop.example\n"); };
  Fault slow = fault("Slow", errs, "no answer within 150ms");
  slow.instead = local(late.port());
  expect_detection("Dns", {killed, hung, other, slow});
}

// Sends back what it gets.
class EchoServer {
  test::TemporaryFolder folder_;

 public:
  const uint16_t port = free_port();

  EchoServer() { restart(); }
  Child& child() { return *child_; }
  void restart() {
    constexpr const char* kProgram = R"(
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    s.sendto(*s.recvfrom(2048))
)";
    child_.reset();
    const std::string log = folder_.path("log");
    std::filesystem::remove(log);
    child_ = std::make_unique<Child>(
        std::vector<std::string>{"/usr/bin/python3", "-c", kProgram, std::to_string(port)}, log);
    child_->wait_for_output("ready");
  }

 private:
  std::unique_ptr<Child> child_;
};

TEST(Detection, Udp) {
  EchoServer dies, hangs, errs;
  const OddDatagrams other([](const std::string&) { return std::vector<std::string>{"pong"}; });
  const OddDatagrams late(late_echo);
  const auto fault = [](const char* name, const EchoServer& server, Said bad) {
    return Fault{.name = name,
                 .probe = UdpCheck{.send = "ping", .expect = "ping"},
                 .way = local(server.port),
                 .bad = std::move(bad),
                 .good = "answered \"ping\""};
  };
  Fault killed = fault("Kill", dies, "connection refused");
  killed.begin = [&] { dies.child().kill(); };
  killed.end = [&] { dies.restart(); };
  Fault hung = fault("Hang", hangs, "no answer within 150ms");
  hung.begin = [&] { hangs.child().pause(); };
  hung.end = [&] { hangs.child().resume(); };
  Fault wrong =
      fault("WrongAnswer", errs, "the answer begins with \"pong\", and not with \"ping\"");
  wrong.instead = local(other.port());
  Fault slow = fault("Slow", errs, "no answer within 150ms");
  slow.instead = local(late.port());
  expect_detection("Udp", {killed, hung, wrong, slow});
}

// ---- A host, behind a router: by a ping socket and, where those are not let, by the raw one. An
// echo is answered by a kernel, which neither hangs nor answers wrongly; what is slow needs netem,
// and is silence to a probe as well.

class HostDetection : public ::testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(, HostDetection, ::testing::Bool(),
                         [](const auto& p) { return p.param ? "Ping" : "Raw"; });

TEST_P(HostDetection, IsInTime) {
  in_new_namespace([] {
    set_sysctl("net/ipv4/ping_group_range", GetParam() ? "0 0" : "1 0");
    const Neighbour hosts;
    shell("ip link add v0 type veth peer v1 netns " + hosts.id());
    shell("ip addr add 198.51.100.1/24 dev v0 && ip link set v0 up");
    hosts.run("ip addr add 198.51.100.2/24 dev v1");
    hosts.run("ip link set v1 up");
    hosts.run("ip link set lo up");
    hosts.run("sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'");
    shell("ip route add 203.0.113.0/24 via 198.51.100.2");
    const auto fault = [&](const char* name, const std::string& address, const char* route,
                           Said bad) {
      hosts.run("ip addr add " + address + "/32 dev lo");
      return Fault{.name = name,
                   .probe = IcmpCheck{},
                   .way = way(address),
                   .begin =
                       [&hosts, address, route] {
                         hosts.run(std::string("ip route add ") + route + " " + address);
                         hosts.run("ip addr del " + address + "/32 dev lo");
                       },
                   .end = [&hosts, address] { hosts.run("ip addr add " + address + "/32 dev lo"); },
                   .bad = std::move(bad),
                   .good = "answered, with 56 bytes"};
    };
    // A router refuses five times and then once in a second (ip_error() of the kernel): which of
    // the two the last answer is depends on the time. Raw sockets do not hear routers.
    const Said refused = testing::AnyOf("no route to host", "no answer within 150ms");
    expect_detection(GetParam() ? "IcmpPing" : "IcmpRaw",
                     {fault("Blackhole", "203.0.113.1", "blackhole", "no answer within 150ms"),
                      fault("Prohibit", "203.0.113.2", "prohibit",
                            GetParam() ? refused : Said("no answer within 150ms"))});
  });
}

// ---- A program that ends by itself otherwise than it should (is killed, is not there) says
// nothing about the backend: that is unknown.

TEST(Detection, Exec) {
  const test::TemporaryFolder folder;
  const auto fault = [&](const char* name, const char* program, Said bad) {
    const std::string file = folder.path(name);
    write(file, "echo all is well");
    return Fault{.name = name,
                 .probe = ExecCheck{.command = {"/bin/sh", file}},
                 .way = local(0),
                 .begin = [file, program] { write(file, program); },
                 .end = [file] { write(file, "echo all is well"); },
                 .bad = std::move(bad),
                 .good = "all is well"};
  };
  expect_detection("Exec",
                   {fault("WrongAnswer", "echo no database; exit 1", "no database"),
                    fault("Hang", "echo so far; sleep 1000", "no answer within 150ms"),
                    fault("Slow", "sleep 0.25; echo all is well", "no answer within 150ms")});
}

}  // namespace
}  // namespace sluice::health
