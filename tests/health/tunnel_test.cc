// SPDX-License-Identifier: Apache-2.0
// Probes through the tunnels, on the wire: who answers is the backend, as the VIP, and only because
// all of the way is in order that traffic takes.
#include <gmock/gmock.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include "health/tunnel_lab.h"
#include "lab/deployment.h"
#include "lab/packets.h"
#include "support/datagram.h"

namespace sluice::netns {
namespace {

using testing::HasSubstr;

constexpr milliseconds kPatience{3000};  // for what must come
constexpr milliseconds kSilence{700};    // for what must not
constexpr size_t kLarge = 20'000, kSmall = 100;
const std::vector<std::string> kVips = {kVip4, kVip6};
const std::vector<std::string> kForwards = {"ipip",  "gre", "fou", "gue", "{gue: {variant: 1}}",
                                            "geneve"};

// A copy of every frame that leaves the device, as it does.
Result<UniqueFd> capture(const Host& host, const std::string& device) {
  return host.run([&]() -> Result<UniqueFd> {
    UniqueFd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int room = 4 << 20;
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    const sockaddr_ll at = {.sll_family = AF_PACKET,
                            .sll_protocol = htons(0x0003 /* all */),
                            .sll_ifindex = int(if_nametoindex(device.c_str()))};
    if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) < 0)
      return errno_error("capture on " + device);
    return fd;
  });
}

std::vector<Bytes> frames_sent(const UniqueFd& fd) {
  std::vector<Bytes> frames;
  for (;;) {
    Bytes frame(65536);
    sockaddr_ll from = {};
    socklen_t size = sizeof(from);
    const ssize_t n = recvfrom(fd.get(), frame.data(), frame.size(), 0,
                               reinterpret_cast<sockaddr*>(&from), &size);
    if (n < 0) return frames;
    frame.resize(size_t(n));
    if (from.sll_pkttype == PACKET_OUTGOING) frames.push_back(std::move(frame));
  }
}

// What of a probe's frame is wrong, if anything: every checksum in it, and the addresses.
std::string check_frame(const Bytes& frame, const test::Target& target) {
  const size_t at = 14 + target.overhead();
  const uint16_t type = target.overhead() == 0   ? test::get16(frame, 12)
                        : frame.at(at) >> 4 == 4 ? 0x0800
                                                 : 0x86dd;
  const std::optional<test::Datagram> inner = test::read_datagram(type, test::from(frame, at));
  if (!inner || !inner->faults.empty() || !inner->checksum_is_right)
    return "the inner packet is malformed";
  if (inner->protocol != IPPROTO_TCP && inner->protocol != IPPROTO_UDP)
    return "the inner packet is neither TCP nor UDP";
  const Bytes message = test::slice(frame, at + inner->headers, inner->length - inner->headers);
  if (test::message_sum(*inner, message) != 0) return "the inner checksum is wrong";
  if (target.overhead() == 0) return "";

  const std::optional<test::Datagram> outer =
      test::read_datagram(test::get16(frame, 12), test::from(frame, 14));
  if (!outer || !outer->checksum_is_right) return "the outer header is malformed";
  if (outer->destination != target.backend.address) return "it goes to somebody else";
  const Bytes datagram = test::from(frame, 14 + outer->headers);
  const bool has_sum = outer->protocol == IPPROTO_UDP && outer->family == 6;
  return has_sum && test::message_sum(*outer, datagram) != 0 ? "the outer checksum is wrong" : "";
}

// Not what neighbours say to each other, and to groups.
bool is_probe(const Bytes& frame) {
  const uint16_t type = test::get16(frame, 12);
  if (frame.at(0) & 1) return false;
  return type == 0x0800 || (type == 0x86dd && frame.at(14 + 6) != IPPROTO_ICMPV6);
}

class Tunnel : public TunnelTest, public testing::WithParamInterface<Deployment> {
 protected:
  ConfigOptions config_options() const override {
    return {.weights = {{"be1", 100}, {"be2", 100}},
            .mode = GetParam().mode,
            .ipv6_backends = GetParam().ipv6_backends,
            .forward = GetParam().forward};
  }
};

TEST_P(Tunnel, LeadsToTheBackendWholeAndRight) {
  for (const std::string& vip : kVips)
    for (const BackendHost& backend : topology_->backends()) {
      Result<UniqueFd> wire = capture(topology_->balancer(), kDevice);
      LAB_ASSERT_OK(wire);
      Result<Connection> probe = connect(vip, backend, kPatience);
      LAB_ASSERT_OK(probe);
      EXPECT_EQ(probe->seen, vip == kVip4 ? kBalancer4 : kBalancer6);
      // Several segments at once, full ones: the kernel must neither merge them nor cut them short.
      Result<size_t> received = transfer(*probe, kLarge, kPatience);
      LAB_ASSERT_OK(received);
      EXPECT_EQ(*received, kLarge);
      size_t probes = 0, largest = 0;
      for (const Bytes& frame : frames_sent(*wire)) {
        if (!is_probe(frame)) continue;
        probes++;
        largest = std::max(largest, frame.size());
        EXPECT_EQ(check_frame(frame, target(backend)), "") << test::scapy(frame);
      }
      EXPECT_GT(probes, kLarge / row(vip, backend).max_inner);
      EXPECT_EQ(largest, 14 + hops_.begin()->second.mtu) << "full segments";
    }
  const ProbeFates now = fates();
  EXPECT_GT(now[SLUICE_PROBE_SENT], 0u);
  for (size_t fate = SLUICE_PROBE_SENT + 1; fate < now.size(); fate++)
    EXPECT_EQ(now[fate], 0u) << kProbeFateTexts[fate].name;
  // Answers come to an address of the balancer's own: none of the data plane's business.
  Result<Counters> counters = tables_.dataplane->counters(0);
  LAB_ASSERT_OK(counters);
  for (size_t why = 0; why < counters->drops.size(); why++)
    EXPECT_EQ(counters->drops[why], 0u) << kDropTexts[why].name;
}

TEST_P(Tunnel, LeadsDatagramsToo) {
  for (const std::string& vip : kVips) {
    const BackendHost& backend = topology_->backend(1);
    Result<UniqueFd> at_vip = udp_listener(*backend.host, vip, kProbedPort);
    LAB_ASSERT_OK(at_vip);
    Result<UniqueFd> wire = capture(topology_->balancer(), kDevice);
    LAB_ASSERT_OK(wire);
    for (const size_t size : {1, 1400}) {
      const std::string datagram(size, 'x');
      Result<UniqueFd> probe = send_datagram(vip, backend, datagram);
      LAB_ASSERT_OK(probe);
      EXPECT_EQ(receive(*at_vip, kPatience), datagram);
    }
    for (const Bytes& frame : frames_sent(*wire))
      if (is_probe(frame)) {
        EXPECT_EQ(check_frame(frame, target(backend)), "") << test::scapy(frame);
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Probe, Tunnel, testing::ValuesIn(deployments(kForwards, {"native"})),
                         name_of);

// One of the two will do.
class ProbeInTunnel : public TunnelTest {
 protected:
  ConfigOptions config_options() const override {
    return {.weights = {{"be1", 100}, {"be2", 100}}, .forward = "gue"};
  }
};

TEST_F(ProbeInTunnel, FindsATunnelThatHasNoEndThoughTheBackendAnswers) {
  const BackendHost& dead = topology_->backend(1);
  for (const std::string& vip : kVips) LAB_ASSERT_OK(connect(vip, dead, kPatience));
  ASSERT_NO_FATAL_FAILURE(stop_agent(dead));
  for (const std::string& vip : kVips) {
    Result<Connection> probe = connect(vip, dead, kSilence);
    ASSERT_FALSE(probe);
    EXPECT_THAT(probe.error().message, HasSubstr("no answer"));
    LAB_ASSERT_OK(connect(vip, topology_->backend(2), kPatience));
  }
  LAB_ASSERT_OK(connect_directly(dead.v4, kPatience));
  LAB_ASSERT_OK(connect_directly(dead.v6, kPatience));
}

TEST_F(ProbeInTunnel, FindsABackendWithoutTheVip) {
  const BackendHost& backend = topology_->backend(1);
  LAB_ASSERT_OK(backend.host->netlink().delete_address("lo", std::string(kVip4) + "/32"));
  EXPECT_FALSE(connect(kVip4, backend, kSilence));
  LAB_ASSERT_OK(connect(kVip6, backend, kPatience));
}

// No link behind the router has room for a full packet with an outer header, and this host does not
// know.
TEST_F(ProbeInTunnel, FindsALinkThatIsTooNarrowForFullPackets) {
  const BackendHost& narrow = topology_->backend(1);
  LAB_ASSERT_OK(topology_->router().netlink().set_mtu(narrow.name, 1500));
  LAB_ASSERT_OK(narrow.host->netlink().set_mtu(kDevice, 1500));
  Result<Connection> small = connect(kVip4, narrow, kPatience);
  LAB_ASSERT_OK(small);
  EXPECT_EQ(transfer(*small, kSmall, kPatience).value_or(0), kSmall);
  Result<Connection> large = connect(kVip4, narrow, kPatience);
  LAB_ASSERT_OK(large);
  EXPECT_LT(transfer(*large, kLarge, kSilence).value_or(kLarge), kLarge);
  Result<Connection> other = connect(kVip4, topology_->backend(2), kPatience);
  LAB_ASSERT_OK(other);
  EXPECT_EQ(transfer(*other, kLarge, kPatience).value_or(0), kLarge);
}

// One table after another, under datagrams of which each is counted; what stood in the ones before
// is wiped out.
TEST_F(ProbeInTunnel, LosesNoPacketWhileTheTablesAreExchanged) {
  const BackendHost& backend = topology_->backend(1);
  Result<UniqueFd> at_vip = udp_listener(*backend.host, kVip4, kProbedPort);
  LAB_ASSERT_OK(at_vip);
  Result<UniqueFd> probe = send_datagram(kVip4, backend, "first");
  LAB_ASSERT_OK(probe);
  ASSERT_EQ(receive(*at_vip, kPatience), "first");
  size_t sent = 0, received = 0;
  std::jthread sender([&](const std::stop_token& enough) {
    for (; !enough.stop_requested(); std::this_thread::sleep_for(milliseconds(1))) {
      if (send_to(*probe, kVip4, {'x'}, kProbedPort)) sent++;
      while (receive(*at_vip, milliseconds(0)) == "x") received++;
    }
  });
  for (int i = 0; i < 10; i++) {
    LAB_ASSERT_OK(exchange_tables());
  }
  sender.request_stop();
  sender.join();
  while (received < sent && receive(*at_vip, kPatience) == "x") received++;
  EXPECT_EQ(received, sent);
  EXPECT_GT(sent, 100u);
  for (const std::string& vip : kVips)
    for (const BackendHost& each : topology_->backends())
      LAB_ASSERT_OK(connect(vip, each, kPatience));
  EXPECT_EQ(fates()[SLUICE_PROBE_NO_MEMBER], 0u);
}

TEST_F(ProbeInTunnel, SaysBeforehandThatThisHostWouldDropTheAnswers) {
  Host& balancer = topology_->balancer();
  const BackendHost& backend = topology_->backend(1);
  LAB_ASSERT_OK(balancer.sysctl("net/ipv4/conf/eth0/rp_filter", "1"));
  EXPECT_EQ(path(kVip4, backend).value().doubt, "");
  LAB_ASSERT_OK(connect(kVip4, backend, kPatience));
  // As where a VIP is announced by a route that leads nowhere.
  Result<Exit> exit = run_program(
      balancer, {"/usr/sbin/ip", "route", "add", "blackhole", std::string(kVip4) + "/32"});
  LAB_ASSERT_OK(exit);
  ASSERT_EQ(exit->status, 0) << exit->output;
  EXPECT_THAT(path(kVip4, backend).value().doubt, HasSubstr("net.ipv4.conf.eth0.rp_filter"));
  EXPECT_FALSE(connect(kVip4, backend, kSilence));
  LAB_ASSERT_OK(balancer.sysctl("net/ipv4/conf/eth0/rp_filter", "0"));
  EXPECT_EQ(path(kVip4, backend).value().doubt, "");
  LAB_ASSERT_OK(connect(kVip4, backend, kPatience));
}

// What the kernel would have used before it had TCX.
class ProbeByClsact : public ProbeInTunnel {
 protected:
  std::optional<TcKind> kind() const override { return TcKind::kClsact; }
};

TEST_F(ProbeByClsact, ReachesTheBackendAndGoesOnWithOtherTables) {
  for (int i = 0; i < 2; i++) {
    for (const std::string& vip : kVips)
      LAB_ASSERT_OK(connect(vip, topology_->backend(1), kPatience));
    LAB_ASSERT_OK(exchange_tables());
  }
  const auto attached = [&] {
    return *topology_->balancer().run([&] { return Result<bool>(program_->attached()); });
  };
  EXPECT_TRUE(attached());
  Result<Exit> exit = run_program(
      topology_->balancer(), {"/usr/sbin/tc", "qdisc", "del", "dev", device_->name(), "clsact"});
  LAB_ASSERT_OK(exit);
  ASSERT_EQ(exit->status, 0) << exit->output;
  EXPECT_FALSE(attached());
}

// No tunnel, and a backend on the balancer's own Ethernet.
class ProbeWithoutTunnel : public TunnelTest {
 protected:
  ConfigOptions config_options() const override {
    return {.weights = {{"be1", 100}, {"be2", 100}}, .forward = "l2"};
  }
};

TEST_F(ProbeWithoutTunnel, ReachesTheBackendByItsMacAddress) {
  for (const std::string& vip : kVips)
    for (const BackendHost& backend : topology_->backends()) {
      Result<UniqueFd> wire = capture(topology_->balancer(), kDevice);
      LAB_ASSERT_OK(wire);
      Result<Connection> probe = connect(vip, backend, kPatience);
      LAB_ASSERT_OK(probe);
      EXPECT_EQ(transfer(*probe, kLarge, kPatience).value_or(0), kLarge);
      for (const Bytes& frame : frames_sent(*wire))
        if (is_probe(frame)) {
          EXPECT_EQ(check_frame(frame, target(backend)), "") << test::scapy(frame);
        }
    }
  LAB_ASSERT_OK(
      topology_->backend(1).host->netlink().delete_address("lo", std::string(kVip4) + "/32"));
  EXPECT_FALSE(connect(kVip4, topology_->backend(1), kSilence));
}

}  // namespace
}  // namespace sluice::netns
