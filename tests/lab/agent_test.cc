// SPDX-License-Identifier: Apache-2.0
// The backend's side: whose packets are taken out of their tunnel, and whose are not.
#include <sys/socket.h>

#include "lab/packets.h"
#include "lab/product_test.h"

namespace sluice::netns {
namespace {

constexpr uint16_t kPort = 9999;
constexpr milliseconds kPatience{1000};  // for what must come
constexpr milliseconds kSilence{300};    // for what must not

struct Case {
  std::string name;
  std::string vip, client;
  bool outer_v6;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

class Agent : public ProductTest, public testing::WithParamInterface<Case> {
 protected:
  void SetUp() override {
    ProductTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    LAB_ASSERT_OK(product_->start_agents());
    backend_ = &topology_->backend(1);
    tunnel_end_ = GetParam().outer_v6 ? backend_->v6 : backend_->v4;
    LAB_ASSERT_OK_AND(at_vip_, udp_listener(*backend_->host, GetParam().vip, kPort));
  }

  BackendHost* backend_ = nullptr;
  std::string tunnel_end_;
  UniqueFd at_vip_;
};

TEST_P(Agent, DeliversWhatTheBalancerSends) {
  const Bytes inner = udp_packet(GetParam().client, GetParam().vip, kPort, "hello");
  LAB_ASSERT_OK(send_encapsulated(topology_->balancer(), tunnel_end_, inner));
  EXPECT_EQ(receive(at_vip_, kPatience), "hello");
}

TEST_P(Agent, DropsWhatOthersSend) {
  const int family = GetParam().outer_v6 ? AF_INET6 : AF_INET;
  const Bytes inner = udp_packet(GetParam().client, GetParam().vip, kPort, "forged");
  // First a packet that is allowed, so that every neighbour is known.
  LAB_ASSERT_OK(send_encapsulated(topology_->balancer(), tunnel_end_, inner));
  ASSERT_EQ(receive(at_vip_, kPatience), "forged");
  Result<bool> reached = ping(topology_->client(), tunnel_end_);
  LAB_ASSERT_OK(reached);
  ASSERT_TRUE(*reached);

  Result<UniqueFd> errors = icmp_listener(topology_->client(), family);
  LAB_ASSERT_OK(errors);
  LAB_ASSERT_OK(send_encapsulated(topology_->client(), tunnel_end_, inner));
  EXPECT_EQ(receive(at_vip_, kSilence), "");
  EXPECT_EQ(receive(*errors, kSilence), "") << "dropped means the kernel never saw it";
}

TEST_P(Agent, DeliversOnlyToItsVips) {
  const std::string own =
      GetParam().vip.find(':') == std::string::npos ? backend_->v4 : backend_->v6;
  Result<UniqueFd> at_own = udp_listener(*backend_->host, own, kPort);
  LAB_ASSERT_OK(at_own);
  const Bytes inner = udp_packet(GetParam().client, own, kPort, "sneaked in");
  LAB_ASSERT_OK(send_encapsulated(topology_->balancer(), tunnel_end_, inner));
  EXPECT_EQ(receive(*at_own, kSilence), "");
}

INSTANTIATE_TEST_SUITE_P(Tunnel, Agent,
                         testing::Values(Case{"V4InV4", kVip4, kClient4, false},
                                         Case{"V6InV4", kVip6, kClient6, false},
                                         Case{"V6InV6", kVip6, kClient6, true},
                                         Case{"V4InV6", kVip4, kClient4, true}),
                         [](const auto& tunnel) { return tunnel.param.name; });

}  // namespace
}  // namespace sluice::netns
