// SPDX-License-Identifier: Apache-2.0
// What Linux' own tunnel devices send is opened, at either hook. Skipped where the kernel has none.
#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include "agent/run_fixture.h"

namespace sluice::netns {
namespace {

using Words = std::vector<std::string>;

struct Device {
  std::string name;
  Words type;          // for ip link add
  bool outer_v6;       // its ends
  bool inner_v6;       // what is sent through it
  std::string opened;  // as status calls the tunnel
};

void PrintTo(const Device& device, std::ostream* out) {
  *out << device.name;
}

// Switches an offload on; see ETHTOOL_S*.
Result<void> switch_feature(const Host& host, const std::string& device, uint32_t command) {
  return host.run([&]() -> Result<void> {
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ethtool_value on = {.cmd = command, .data = 1};
    ifreq request = {};
    device.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
    request.ifr_data = reinterpret_cast<char*>(&on);
    if (::ioctl(socket.get(), SIOCETHTOOL, &request) < 0)
      return errno_error("switch an offload of " + device);
    return {};
  });
}

class KernelTunnel : public RunTest, public testing::WithParamInterface<Device> {
 protected:
  Exit ip(const Words& words) const {
    Words argv = words;
    argv.insert(argv.begin(), "/usr/sbin/ip");
    Result<Exit> exit = run_program(*balancer_, argv);
    return exit ? *exit : Exit{.status = -1, .output = exit.error().message};
  }
  // Makes the device on the balancer, and the way to the VIP through it. Skips the test where the
  // kernel has no such devices.
  void SetUp() override {
    RunTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const Device& d = GetParam();
    Words add = {"link", "add", "tun", "type"};
    add.insert(add.end(), d.type.begin(), d.type.end());
    const Exit added = ip(add);
    if (added.output.find("Unknown device type") != std::string::npos ||
        added.output.find("not supported") != std::string::npos)
      GTEST_SKIP() << "this kernel has no such tunnels: " << added.output;
    ASSERT_EQ(added.status, 0) << added.output;
    const std::string vip = d.inner_v6 ? kVip6 + "/128" : kVip4 + "/32";
    EXPECT_TRUE(
        balancer_->netlink().add_address("lo", d.inner_v6 ? kClient6 + "/128" : kClient4 + "/32"));
    for (const Words& words :
         {Words{"link", "set", "tun", "arp", "off"}, Words{"link", "set", "tun", "up"},
          Words{"route", "add", vip, "dev", "tun"}}) {
      const Exit exit = ip(words);
      ASSERT_EQ(exit.status, 0) << exit.output;
    }
    LAB_ASSERT_OK_AND(at_vip6_, udp_listener(*backend_, kVip6, kPort));
  }
  Result<void> send_from_client(const std::string& text) const {
    return balancer_->run([&]() -> Result<void> {
      const bool v6 = GetParam().inner_v6;
      const UniqueFd socket(::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      sockaddr_storage from = address(v6 ? kClient6 : kClient4, 0);
      if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&from), sizeof(from)) < 0)
        return errno_error("bind to the client's address");
      sockaddr_storage to = address(v6 ? kVip6 : kVip4, kPort);
      if (::sendto(socket.get(), text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&to),
                   sizeof(to)) < 0)
        return errno_error("send to the VIP");
      return {};
    });
  }
  static sockaddr_storage address(const std::string& text, uint16_t port) {
    sockaddr_storage storage = {};
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
      v4->sin_family = AF_INET;
      v4->sin_port = htons(port);
    } else if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
      v6->sin6_family = AF_INET6;
      v6->sin6_port = htons(port);
    }
    return storage;
  }
  Result<UniqueFd> tcp_socket(const Host& host, const std::string& text, uint16_t port) const {
    return host.run([&]() -> Result<UniqueFd> {
      UniqueFd fd(
          ::socket(GetParam().inner_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      sockaddr_storage from = address(text, port);
      if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&from), sizeof(from)) < 0)
        return errno_error("bind to " + text);
      return fd;
    });
  }
  // Sends `bytes` from the client to the VIP by TCP. What arrived until the connection's end.
  std::vector<uint8_t> upload(const std::vector<uint8_t>& bytes);

  UniqueFd at_vip6_;
};

std::vector<uint8_t> KernelTunnel::upload(const std::vector<uint8_t>& bytes) {
  const bool v6 = GetParam().inner_v6;
  const std::string vip = v6 ? kVip6 : kVip4;
  Result<UniqueFd> listener = tcp_socket(*backend_, vip, kPort);
  Result<UniqueFd> client = tcp_socket(*balancer_, v6 ? kClient6 : kClient4, 0);
  EXPECT_TRUE(listener && client);
  if (!listener || !client) return {};
  EXPECT_EQ(::listen(listener->get(), 1), 0);
  const timeval patience = {.tv_sec = 20, .tv_usec = 0};  // for emulated machines
  for (const int fd : {listener->get(), client->get()})
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
      EXPECT_EQ(::setsockopt(fd, SOL_SOCKET, option, &patience, sizeof(patience)), 0);
  std::jthread sender([&] {
    sockaddr_storage to = address(vip, kPort);
    EXPECT_EQ(::connect(client->get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    for (size_t sent = 0; sent < bytes.size();) {
      const ssize_t n = ::send(client->get(), &bytes[sent], bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return;
      sent += size_t(n);
    }
    ::shutdown(client->get(), SHUT_WR);
  });
  const UniqueFd server(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_TRUE(server.valid());
  std::vector<uint8_t> received;
  std::vector<uint8_t> part(1 << 16);
  for (;;) {
    const ssize_t n = ::recv(server.get(), part.data(), part.size(), 0);
    if (n <= 0) return received;
    received.insert(received.end(), part.begin(), part.begin() + n);
  }
}

// With segmentation left to the device, segments stay merged all the way: one packet for tc. But
// for numbered GRE, where each needs its own header.
TEST_P(KernelTunnel, CarriesMergedTcpAtTc) {
  LAB_ASSERT_OK(switch_feature(*balancer_, "eth0", ETHTOOL_STXCSUM));
  LAB_ASSERT_OK(switch_feature(*balancer_, "eth0", ETHTOOL_STSO));
  LAB_ASSERT_OK(switch_feature(*backend_, "eth0", ETHTOOL_SGRO));
  Result<Process> agent = start({"--mode", "tc"});
  LAB_ASSERT_OK(agent);
  std::vector<uint8_t> bytes(2 << 20);
  for (size_t i = 0; i < bytes.size(); i++) bytes[i] = uint8_t(i ^ i >> 8 ^ i >> 16);
  EXPECT_TRUE(upload(bytes) == bytes) << status().output;
  const nlohmann::json s = status_json();
  EXPECT_GT(s["decapsulated"]["bytes"], bytes.size());
  if (std::count(GetParam().type.begin(), GetParam().type.end(), "seq") == 0) {
    EXPECT_LT(s["decapsulated"]["packets"], bytes.size() / 1500) << "no packet was a merged one";
  }
  EXPECT_EQ(s["drops"]["MERGED"], 0);
}

TEST_P(KernelTunnel, IsOpened) {
  const UniqueFd& at_vip = GetParam().inner_v6 ? at_vip6_ : at_vip_;
  for (const std::string mode : {"auto", "tc"}) {
    Result<Process> agent = start({"--mode", mode});
    LAB_ASSERT_OK(agent);
    LAB_ASSERT_OK(send_from_client("at " + mode));
    EXPECT_EQ(receive(at_vip, kPatience), "at " + mode) << status().output;
    EXPECT_EQ(status_json()["tunnels"][GetParam().opened]["packets"], 1);
  }
}

Device device(std::string name, Words type, const std::string& opened, bool outer_v6,
              bool inner_v6) {
  const Words ends = {"local", outer_v6 ? kBalancer6 : kBalancer4, "remote",
                      outer_v6 ? kBackend6 : kBackend4};
  type.insert(type.begin() + 1, ends.begin(), ends.end());
  return {std::move(name), std::move(type), outer_v6, inner_v6, opened};
}

std::vector<Device> devices() {
  const Words fou = {"encap", "fou", "encap-sport", "auto", "encap-dport", "5555"},
              gue = {"encap", "gue", "encap-sport", "auto", "encap-dport", "6080"};
  const auto with = [](Words type, const Words& encap) {
    type.insert(type.end(), encap.begin(), encap.end());
    return type;
  };
  const Words ip6tnl = {"ip6tnl", "mode", "any"};
  const Words geneve4 = {"geneve", "id", "7", "remote", kBackend4, "dstport", "6081"},
              geneve6 = {"geneve", "id", "7", "remote", kBackend6, "dstport", "6081"};
  return {
      device("Ipip", {"ipip"}, "IPIP", false, false),
      device("Sit", {"sit"}, "IPIP", false, true),
      device("Ip4ip6", ip6tnl, "IPIP", true, false),
      device("Ip6ip6", ip6tnl, "IPIP", true, true),
      device("Ip6ip6WithoutLimit", with(ip6tnl, {"encaplimit", "none"}), "IPIP", true, true),
      device("Gre", {"gre"}, "GRE", false, false),
      device("GreKeySequenceChecksum", {"gre", "key", "7", "seq", "csum"}, "GRE", false, true),
      device("Ip6gre", {"ip6gre"}, "GRE", true, false),
      device("Ip6greV6", {"ip6gre"}, "GRE", true, true),
      device("Fou", with({"ipip"}, fou), "FOU", false, false),
      device("FouSit", with({"sit"}, fou), "FOU", false, true),
      device("FouIp6tnl", with(ip6tnl, fou), "FOU", true, true),
      device("Gue", with({"ipip"}, gue), "GUE", false, false),
      device("GueSit", with({"sit"}, gue), "GUE", false, true),
      device("GueIp4ip6", with(ip6tnl, gue), "GUE", true, false),
      {"Geneve", geneve4, false, false, "GENEVE"},
      {"GeneveV6", geneve4, false, true, "GENEVE"},
      {"GeneveOverV6", geneve6, true, false, "GENEVE"},
      {"GeneveV6OverV6", geneve6, true, true, "GENEVE"},
  };
}
INSTANTIATE_TEST_SUITE_P(Linux, KernelTunnel, testing::ValuesIn(devices()),
                         [](const auto& d) { return d.param.name; });

}  // namespace
}  // namespace sluice::netns
