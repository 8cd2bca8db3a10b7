// SPDX-License-Identifier: Apache-2.0
// Good frames of every kind with bytes changed, cut out, put in and cut off, by seed.
#include <netinet/in.h>

#include "packet/hostile.h"
#include "support/mutate.h"

namespace sluice::test {
namespace {

constexpr size_t kMutants = 2000;  // of each seed, in each world

Bytes fragment_header(uint8_t next, uint16_t bits) {
  return {next, 0, uint8_t(bits >> 8), uint8_t(bits), 0, 0, 0, 9};
}

// The beginning of one for a service.
Bytes datagram_to(const std::string& vip) {
  const bool net = vip == kNet4 || vip == kNet6;
  return join(udp_header(9, net ? 27050 : 443, 100), Bytes(16, 0x5a));
}

std::vector<Bytes> originals() {
  const Bytes inner4 = from(tcp_to4({.destination = kVip4}), 14);
  const Bytes inner6 = from(tcp_to6({.destination = kVip6}), 14);
  std::vector<Bytes> all;
  for (const std::string& vip : {kVip4, kAny4, kNet4, kOther4}) {
    const Ipv4 ip = {.source = kClient4, .destination = vip};
    all.push_back(tcp_to4({.destination = vip, .options = Bytes(8, 1)}));
    all.push_back(frame4(ip).udp({9, 443}).payload(40).build());
    all.push_back(frame4(ip).ipv4({.source = kClient4, .destination = vip}).udp({1, 2}).build());
    all.push_back(frame4(ip).udp({9, 6080}).payload(join({0, 4, 0, 0}, inner4)).build());
    all.push_back(icmp_frame4(icmp4(8, 0, 77, Bytes(30, 1)), ip));
    all.push_back(icmp_frame4(icmp4(3, 4, 1400, reply_of4(vip, 8)), ip));
    Ipv4 part = ip;
    part.fragment = 0x2000;
    part.protocol = IPPROTO_UDP;
    all.push_back(frame4(part).payload(datagram_to(vip)).build());
    part.fragment = 3;
    all.push_back(frame4(part).payload(13).build());
  }
  for (const std::string& vip : {kVip6, kAny6, kNet6, kOther6}) {
    const Ipv6 ip = {.source = kClient6, .destination = vip};
    all.push_back(tcp_to6({.destination = vip}));
    all.push_back(frame6(ip).udp({9, 443}).payload(40).build());
    all.push_back(icmp_frame6(128, 0, 77, Bytes(30, 1), ip));
    all.push_back(icmp_frame6(2, 0, 1400, reply_of6(vip, 8), ip));
    Ipv6 chain = ip;
    chain.next_header = 0;
    const Bytes options = {60, 0, 1, 4, 0, 0, 0, 0, 6, 1, 1, 12};
    all.push_back(frame6(chain).payload(join(join(options, Bytes(12)), from(inner6, 40))).build());
    chain.next_header = 44;
    all.push_back(frame6(chain).payload(join(fragment_header(17, 1), datagram_to(vip))).build());
    all.push_back(frame6(chain).payload(join(fragment_header(17, 24), Bytes(13))).build());
  }
  all.push_back(tagged(all[0], {0x88, 0xa8, 0, 5, 0x81, 0, 0, 7}));
  return all;
}

TEST(HostileMutations, BeginWithFramesThatNobodyDrops) {
  HostileRun run("originals of the mutants");
  ASSERT_TRUE(run.ok());
  run.enter(worlds()[0]);
  for (const Bytes& b : originals())
    EXPECT_NE(run.run({"an original", b}).fate, Fate::kDropped) << scapy(b);
  run.finish();
}

class HostileMutation : public testing::TestWithParam<uint32_t> {};

TEST_P(HostileMutation, NeverGoesWrong) {
  Frames frames;
  for (const Mutant& m : mutants(originals(), GetParam(), kMutants))
    frames.push_back({m.name, m.frame});
  check_hostile("mutations, seed " + std::to_string(GetParam()), frames);
}

INSTANTIATE_TEST_SUITE_P(Seeds, HostileMutation,
                         testing::Values(1u, 2u, 3u, 20251125u, 0xdeadbeefu, 0xffffffffu));

}  // namespace
}  // namespace sluice::test
