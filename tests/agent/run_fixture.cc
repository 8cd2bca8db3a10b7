// SPDX-License-Identifier: Apache-2.0
#include "agent/run_fixture.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace sluice::netns {

namespace {

std::string program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "sluice-agent";
}

}  // namespace

void RunTest::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, for network namespaces and BPF";
  LAB_ASSERT_OK_AND(lab_, Lab::create());
  LAB_ASSERT_OK_AND(balancer_, Host::create(*lab_, "balancer"));
  LAB_ASSERT_OK_AND(backend_, Host::create(*lab_, "backend"));
  for (const std::string& vip : {kVip4 + "/32", kVip6 + "/128"})
    LAB_ASSERT_OK(backend_->netlink().add_address("lo", vip));
  ASSERT_NO_FATAL_FAILURE(connect());
  LAB_ASSERT_OK_AND(at_vip_, udp_listener(*backend_, kVip4, kPort));
  const int bytes = 16 << 20;
  ASSERT_EQ(setsockopt(at_vip_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)), 0);
}

void RunTest::connect() {
  LAB_ASSERT_OK_AND(link_, Link::connect({.host = balancer_.get(),
                                          .device = "eth0",
                                          .addresses = {kBalancer4 + "/24", kBalancer6 + "/64"}},
                                         {.host = backend_.get(),
                                          .device = "eth0",
                                          .addresses = {kBackend4 + "/24", kBackend6 + "/64"}},
                                         {}));
  LAB_ASSERT_OK(backend_->netlink().add_route("0.0.0.0/0", kBalancer4));
  LAB_ASSERT_OK(backend_->netlink().add_route("::/0", kBalancer6));
}

RunTest::Words RunTest::with_place(Words words) const {
  words.insert(words.end(), {"--instance", kInstance, "--bpffs", lab_->bpffs()});
  return words;
}

RunTest::Words RunTest::run_words(const Words& more) const {
  Words words = with_place({"run", "--interface", interface_, "--vip", kVip4, kVip6, "--allow",
                            kBalancer4, kBalancer6 + "/128"});
  words.insert(words.end(), always_.begin(), always_.end());
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Result<Process> RunTest::start(const Words& more) const {
  Words argv = run_words(more);
  argv.insert(argv.begin(), program());
  return Process::start(*backend_, {.argv = argv, .notifies = true});
}

Exit RunTest::finish(const Words& words) const {
  Words argv = words;
  argv.insert(argv.begin(), program());
  Result<Exit> exit = run_program(*backend_, argv);
  if (exit) return *exit;
  ADD_FAILURE() << exit.error().message;
  return {.status = -1, .output = {}};
}

nlohmann::json RunTest::status_json() const {
  const Exit exit = finish(with_place({"status", "-o", "json"}));
  EXPECT_EQ(exit.status, 0) << exit.output;
  return nlohmann::json::parse(exit.output, nullptr, /*allow_exceptions=*/false);
}

Result<void> RunTest::send(const std::string& text, const std::string& tunnel_end) const {
  return send_encapsulated(*balancer_, tunnel_end, udp_packet(kClient4, kVip4, kPort, text));
}

Result<void> RunTest::send_in_udp(const std::string& text, uint16_t port) const {
  const Bytes inner = udp_packet(kClient4, kVip4, kPort, text);
  return balancer_->run([&]() -> Result<void> {
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    ::inet_pton(AF_INET, kBackend4.c_str(), &to.sin_addr);
    if (::sendto(socket.get(), inner.data(), inner.size(), 0, reinterpret_cast<sockaddr*>(&to),
                 sizeof(to)) < 0)
      return errno_error("send to " + kBackend4);
    return {};
  });
}

std::string RunTest::deliver(const std::string& text, const std::string& tunnel_end) {
  const Result<void> sent = send(text, tunnel_end);
  EXPECT_TRUE(sent) << sent.error().message;
  return receive(at_vip_, kSilence);
}

int RunTest::mss_of_vip() {
  const auto in = [](const Host& host, bool connects, const UniqueFd& socket) {
    return host.run([&]() -> Result<void> {
      sockaddr_in vip = {};
      vip.sin_family = AF_INET;
      vip.sin_port = htons(kPort);
      ::inet_pton(AF_INET, kVip4.c_str(), &vip.sin_addr);
      const auto* to = reinterpret_cast<const sockaddr*>(&vip);
      if (connects) {
        if (::connect(socket.get(), to, sizeof(vip)) != 0) return errno_error("connect");
      } else if (::bind(socket.get(), to, sizeof(vip)) != 0 || ::listen(socket.get(), 4) != 0) {
        return errno_error("listen");
      }
      return {};
    });
  };
  const auto tcp = [] {
    return Result<UniqueFd>(UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  };
  (void)balancer_->netlink().add_route(kVip4 + "/32", kBackend4);
  // They would be counted as part of the segment.
  EXPECT_TRUE(balancer_->sysctl("net/ipv4/tcp_timestamps", "0"));
  const Result<UniqueFd> server = backend_->run(tcp), client = balancer_->run(tcp);
  for (const Result<void>& r : {in(*backend_, false, *server), in(*balancer_, true, *client)})
    EXPECT_TRUE(r) << r.error().message;
  int mss = 0;
  socklen_t size = sizeof(mss);
  EXPECT_EQ(::getsockopt(client->get(), IPPROTO_TCP, TCP_MAXSEG, &mss, &size), 0);
  return mss;
}

bool RunTest::comes_to_deliver(const std::string& tunnel_end) {
  return bool(
      wait_until([&] { return deliver("hello", tunnel_end) == "hello"; }, kPatience, "a delivery"));
}

XdpState RunTest::xdp() const {
  Result<XdpState> state = xdp_state(*backend_, "eth0");
  if (state) return *state;
  ADD_FAILURE() << state.error().message;
  return {};
}

}  // namespace sluice::netns
