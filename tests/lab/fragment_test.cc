// SPDX-License-Identifier: Apache-2.0
// Datagrams of 8 kB, which the client's kernel sends in six fragments: each arrives whole, at one
// backend, and at the one that has the rest of its flow.
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>
#include <string>

#include "lab/backend_sockets.h"
#include "lab/deployment.h"
#include "lab/packets.h"
#include "lab/product_test.h"

namespace sluice::netns {
namespace {

constexpr uint16_t kPort = 9999, kFirstClientPort = 20000;
constexpr int kFlows = 12;
constexpr size_t kLarge = 8192, kSmall = 100;
constexpr milliseconds kPatience{3000};  // for what must come
constexpr milliseconds kSilence{300};    // for what must not
const Weights kAll = {{"be1", 100}, {"be2", 100}, {"be3", 100}};

// Of size kLarge or kSmall, and different from every other flow's.
Bytes datagram_of(int flow, size_t size) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; i++) bytes[i] = uint8_t(i / 251 + i + size_t(flow) * 17);
  return bytes;
}

// Sends what it is given, in fragments where it has to.
Result<UniqueFd> client_socket(const Host& client, const std::string& vip, int flow) {
  const bool v4 = vip == kVip4;
  Result<UniqueFd> socket =
      udp_listener(client, v4 ? kClient4 : kClient6, uint16_t(kFirstClientPort + flow));
  if (!socket) return socket;
  const int dont = v4 ? int(IP_PMTUDISC_DONT) : int(IPV6_PMTUDISC_DONT);
  if (setsockopt(socket->get(), v4 ? SOL_IP : SOL_IPV6, v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER,
                 &dont, sizeof(dont)) < 0)
    return errno_error("allow fragments");
  return socket;
}

class Fragments : public ProductTest, public testing::WithParamInterface<Deployment> {
 protected:
  void SetUp() override {
    ProductTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll,
                                    .mode = GetParam().mode,
                                    .ipv6_backends = GetParam().ipv6_backends,
                                    .forward = GetParam().forward,
                                    .ports = {"9999/udp"}},
                                   {.mode = GetParam().agent}));
    ASSERT_EQ(attached_mode(), GetParam().mode);
  }
  // Sends each flow a small datagram and a large one; who has got them.
  void send_all(const std::string& vip, std::set<std::string>& receivers) {
    Result<BackendSockets> backends = udp_listeners(*topology_, vip, kPort);
    LAB_ASSERT_OK(backends);
    for (int flow = 0; flow < kFlows; flow++) {
      Result<UniqueFd> client = client_socket(topology_->client(), vip, flow);
      LAB_ASSERT_OK(client);
      LAB_ASSERT_OK(send_to(*client, vip, datagram_of(flow, kSmall), kPort));
      Result<std::string> owner = receiver_of(*backends, datagram_of(flow, kSmall), kPatience);
      LAB_ASSERT_OK(owner);
      LAB_ASSERT_OK(send_to(*client, vip, datagram_of(flow, kLarge), kPort));
      Result<std::string> receiver = receiver_of(*backends, datagram_of(flow, kLarge), kPatience);
      LAB_ASSERT_OK(receiver);
      EXPECT_EQ(*receiver, *owner) << "flow " << flow;
      receivers.insert(*receiver);
    }
    LAB_ASSERT_OK(expect_nothing(*backends, kSilence));
  }
};

TEST_P(Fragments, OfADatagramMeetAtOneBackend) {
  for (const char* vip : {kVip4, kVip6}) {
    SCOPED_TRACE(vip);
    std::set<std::string> receivers;
    ASSERT_NO_FATAL_FAILURE(send_all(vip, receivers));
    EXPECT_EQ(receivers.size(), kAll.size()) << "too few flows to tell backends apart";
  }
  EXPECT_EQ(dropped(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Datagram, Fragments, testing::ValuesIn(deployments({"geneve"})), name_of);
INSTANTIATE_TEST_SUITE_P(ToAgent, Fragments,
                         testing::ValuesIn(deployments({"geneve"}, {kModes[0]}, {"tc"})), name_of);

// Links without room for a tunnel: the first datagram is answered with the MTU, and what is sent
// from then on arrives.
class FragmentsThatDoNotFit : public Fragments {
 protected:
  TopologyOptions topology_options() const override { return {.inner_mtu = 1500}; }
};

TEST_P(FragmentsThatDoNotFit, ArriveOnceTheClientHasBeenTold) {
  for (const char* vip : {kVip4, kVip6}) {
    SCOPED_TRACE(vip);
    const uint64_t before = replied("TOO_BIG");
    {
      Result<UniqueFd> client = client_socket(topology_->client(), vip, 0);
      LAB_ASSERT_OK(client);
      LAB_ASSERT_OK(send_to(*client, vip, datagram_of(0, kLarge), kPort));
    }
    LAB_ASSERT_OK(wait_until([&] { return replied("TOO_BIG") > before; }, kPatience,
                             "the answer to the first fragment"));
    std::set<std::string> receivers;
    ASSERT_NO_FATAL_FAILURE(send_all(vip, receivers));
    EXPECT_EQ(replied("TOO_BIG"), before + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Datagram, FragmentsThatDoNotFit, testing::ValuesIn(deployments({"ipip"})),
                         name_of);

}  // namespace
}  // namespace sluice::netns
