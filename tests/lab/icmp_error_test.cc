// SPDX-License-Identifier: Apache-2.0
// ICMP errors about a flow find the backend that has it.
#include <sys/socket.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lab/backend_sockets.h"
#include "lab/deployment.h"
#include "lab/icmp.h"
#include "lab/packets.h"
#include "lab/product_test.h"
#include "netns/kernel_counters.h"

namespace sluice::netns {
namespace {

// The numbers of flows, by backend.
using FlowsOf = std::map<std::string, std::set<unsigned>>;

constexpr uint16_t kPort = 9999, kFirstClientPort = 30000;
constexpr unsigned kFlows = 12;
constexpr milliseconds kPatience{3000};  // for what must come
constexpr milliseconds kSilence{300};    // for what must not
const Weights kAll = {{"be1", 100}, {"be2", 100}, {"be3", 100}};

class IcmpError : public ProductTest, public testing::WithParamInterface<Deployment> {
 protected:
  void SetUp() override {
    ProductTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll,
                                    .mode = GetParam().mode,
                                    .ipv6_backends = GetParam().ipv6_backends,
                                    .forward = GetParam().forward,
                                    .ports = {"80/tcp", "9999/udp"}}));
    ASSERT_EQ(attached_mode(), GetParam().mode);
  }
  static uint16_t client_port(unsigned flow) { return uint16_t(kFirstClientPort + flow); }

  // Sends a datagram of each flow, which shows who has it.
  void open_flows(const std::string& client, const std::string& vip, FlowsOf& owned) {
    Result<BackendSockets> backends = udp_listeners(*topology_, vip, kPort);
    LAB_ASSERT_OK(backends);
    for (unsigned flow = 0; flow < kFlows; flow++) {
      Result<UniqueFd> socket = udp_listener(topology_->client(), client, client_port(flow));
      LAB_ASSERT_OK(socket);
      LAB_ASSERT_OK(send_to(*socket, vip, {uint8_t(flow)}, kPort));
      Result<std::string> owner = receiver_of(*backends, {uint8_t(flow)}, kPatience);
      LAB_ASSERT_OK(owner);
      owned[*owner].insert(flow);
    }
    EXPECT_EQ(owned.size(), kAll.size()) << "too few flows to tell backends apart";
  }
};

// Each error tells an MTU of its own, by which it is known again.
TEST_P(IcmpError, OfARouterReachesTheBackendThatOwnsTheFlowAndNoOther) {
  constexpr unsigned kLargest = 1400;
  for (const auto& [client, vip, family] :
       {std::tuple(kClient4, kVip4, AF_INET), std::tuple(kClient6, kVip6, AF_INET6)}) {
    SCOPED_TRACE(vip);
    FlowsOf owned, told;
    ASSERT_NO_FATAL_FAILURE(open_flows(client, vip, owned));
    Result<BackendSockets> listeners = icmp_listeners(*topology_, family);
    LAB_ASSERT_OK(listeners);
    for (unsigned flow = 0; flow < kFlows; flow++)
      LAB_ASSERT_OK(send_too_big(topology_->router(), vip, kPort, client, client_port(flow),
                                 uint16_t(kLargest - flow)));
    unsigned came = 0;
    const auto collect = [&] {
      for (const auto& [backend, listener] : *listeners)
        for (const TooBig& message : too_bigs(listener)) {
          told[backend].insert(kLargest - message.mtu);
          came++;
        }
      return came >= kFlows;
    };
    LAB_ASSERT_OK(wait_until(collect, kPatience, "an error for each flow"));
    LAB_ASSERT_OK(pause_for(kSilence));
    collect();
    EXPECT_EQ(told, owned);
    EXPECT_EQ(came, kFlows) << "some came twice";
  }
  EXPECT_EQ(dropped(), 0u);
}

// What the errors are for: a link behind the backends is narrower than theirs, and its router says
// so to the VIP.
TEST_P(IcmpError, LetsDownloadsFindANarrowerPath) {
  constexpr uint64_t kSize = 2'000'000;
  constexpr size_t kDownloads = 6;
  LAB_ASSERT_OK(topology_->router().netlink().set_mtu("client", 1300));
  for (const auto& [vip, told] :
       {std::pair(kVip4, "IpFragFails"), std::pair(kVip6, "Icmp6OutPktTooBigs")}) {
    SCOPED_TRACE(vip);
    Result<std::vector<Answer>> answers =
        fetch(topology_->client(), {url(vip, "/bytes/2000000")}, kDownloads);
    LAB_ASSERT_OK(answers);
    for (const Answer& answer : *answers) {
      EXPECT_EQ(answer.error, "");
      EXPECT_EQ(answer.body, kSize);
    }
    Result<KernelCounters> router = kernel_counters(topology_->router());
    LAB_ASSERT_OK(router);
    EXPECT_GT(router->at(told), 0u) << "the router had nothing to tell";
  }
}

// The balancer's kernel is who sent the outer packet, as far as routers know.
TEST_P(IcmpError, AboutATunnelReachesTheBalancersKernel) {
  constexpr unsigned kNarrow = 1400;
  for (const BackendHost& backend : topology_->backends())
    LAB_ASSERT_OK(topology_->router().netlink().set_mtu(backend.name, kNarrow));
  const bool v4 = !GetParam().ipv6_backends;
  Result<UniqueFd> listener = icmp_listener(topology_->balancer(), v4 ? AF_INET : AF_INET6);
  LAB_ASSERT_OK(listener);
  const TooBig expected = {.from = v4 ? "203.0.113.1" : "2001:db8:b::1", .mtu = kNarrow};
  for (const auto& [client, vip] : {std::pair(kClient4, kVip4), std::pair(kClient6, kVip6)}) {
    SCOPED_TRACE(vip);
    Result<UniqueFd> socket = udp_listener(topology_->client(), client, client_port(0));
    LAB_ASSERT_OK(socket);
    LAB_ASSERT_OK(send_to(*socket, vip, Bytes(kNarrow), kPort));
    std::vector<TooBig> told;
    LAB_ASSERT_OK(wait_until([&] { return !(told = too_bigs(*listener)).empty(); }, kPatience,
                             "what the router has to say"));
    EXPECT_EQ(told.size(), 1u);
    EXPECT_EQ(told.front(), expected);
  }
  EXPECT_EQ(dropped(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Flow, IcmpError, testing::ValuesIn(deployments({"gue"})), name_of);

}  // namespace
}  // namespace sluice::netns
