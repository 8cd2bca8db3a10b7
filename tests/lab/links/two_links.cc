// SPDX-License-Identifier: Apache-2.0
#include "lab/links/two_links.h"

#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <sys/socket.h>

namespace sluice::netns {
namespace {

constexpr uint16_t kPort = 9999;
constexpr size_t kPayload = 1500 - sizeof(ip6_hdr) - sizeof(udphdr);

}  // namespace

void TwoLinks::deploy_for_probes(const std::string& mode) {
  LAB_ASSERT_OK_AND(listener_, icmp_listener(topology_->client(), AF_INET6));
  deploy({.weights = kAll, .mode = mode, .ports = {"80/tcp", std::to_string(kPort) + "/udp"}});
}

unsigned TwoLinks::probe() {
  const Bytes packet = udp_packet(kClient6, kVip6, kPort, std::string(kPayload, 'x'));
  const Result<void> sent = send_raw(topology_->client(), kVip6, packet);
  EXPECT_TRUE(sent) << sent.error().message;
  std::vector<TooBig> told;
  // Carried by this CPU there and back, before the call returns, unless it is busy otherwise.
  const Result<void> answered = wait_until(
      [&] {
        told = too_bigs(listener_);
        return !told.empty();
      },
      milliseconds(50), "an answer");
  return answered ? told.back().mtu : 0;
}

// An answer that is late may be taken for that of the next packet, and none for room: whether the
// packet was forwarded tells.
void TwoLinks::expect_room(unsigned inner, Clock::time_point since) {
  for (bool right = false; !right;) {
    const bool late = Clock::now() > since + kSoon;
    const uint64_t before = forwarded();
    const unsigned told = probe();
    const bool passed = forwarded() != before;
    right = told == inner && passed == (inner == 0);
    ASSERT_FALSE(late && !right) << "room for " << told << " instead of " << inner
                                 << (passed ? ", and" : ", not") << " forwarded\n"
                                 << product_->daemon().output();
  }
  if (inner == 0) return;
  const uint64_t before = forwarded();
  probe();
  EXPECT_EQ(forwarded(), before);
}

}  // namespace sluice::netns
