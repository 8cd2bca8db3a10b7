// SPDX-License-Identifier: Apache-2.0
// Packet rows of the program that puts probes into tunnels, by test run: what comes out is what the
// data plane makes of a client's packet, or nothing is.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>

#include <array>
#include <iostream>

#include "kernel/probe_program.h"
#include "kernel/test_run.h"
#include "plan/member_head.h"
#include "support/judge.h"
#include "support/packet_builder.h"

namespace sluice::test {
namespace {

constexpr char kOurMac[] = "02:00:00:00:00:0b", kRouterMac[] = "02:00:00:00:00:01";
constexpr char kDeviceMac[] = "02:00:00:00:00:99";  // the probes' device sends to itself
constexpr char kSource4[] = "203.0.113.2", kSource6[] = "2001:db8:b::2";
constexpr char kVip4[] = "192.0.2.10", kVip6[] = "2001:db8::10";
constexpr uint32_t kMembers = 4, kFree = 2;  // of the numbers, one that nobody has
constexpr uint32_t kMtu = 1600;
constexpr size_t kIpAt = 14;
constexpr uint32_t kBound = 25'000;  // instructions the verifier visits

struct Case {
  std::string name;
  Forward forward;
  bool v6_backend = false, v6_vip = false;

  uint32_t member() const { return v6_vip ? 1 : 0; }
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

Target target_of(const Case& c) {
  const IpAddress to = *IpAddress::parse(c.v6_backend ? "2001:db8:b::11" : "203.0.113.11");
  return {.backend = {.name = "be1", .address = to, .forward = c.forward},
          .way = {.ifindex = kTestIngress,
                  .interface = "test",
                  .source = *MacAddress::parse(kOurMac),
                  .destination = *MacAddress::parse(kRouterMac),
                  .preferred_source = *IpAddress::parse(c.v6_backend ? kSource6 : kSource4),
                  .mtu = kMtu},
          .mtu = kMtu};
}

PacketBuilder to_vip(const Case& c, uint8_t tos = 0) {
  PacketBuilder b;
  b.ethernet(kDeviceMac, kDeviceMac);
  if (c.v6_vip)
    b.ipv6({.source = kSource6, .destination = kVip6, .traffic_class = tos});
  else
    b.ipv4({.source = kSource4, .destination = kVip4, .tos = tos});
  return b;
}

// Where the TCP checksum of an encapsulated packet is.
size_t inner_sum_at(const Case& c) {
  return kIpAt + target_of(c).overhead() + (c.v6_vip ? 40 : 20) + 16;
}

// As the kernel's TCP leaves it to the device: the sum of the pseudo header (RFC 9293, 3.1).
Bytes with_sum_to_do(const Case& c, Bytes frame) {
  const size_t header = c.v6_vip ? 40 : 20, at = kIpAt + header;
  const uint16_t length = uint16_t(frame.size() - at);
  Bytes pseudo = slice(frame, kIpAt + (c.v6_vip ? 8 : 12), c.v6_vip ? 32 : 8);
  pseudo = join(pseudo, {0, IPPROTO_TCP, uint8_t(length >> 8), uint8_t(length)});
  const uint16_t sum = uint16_t(~internet_checksum(pseudo));
  frame.at(at + 16) = uint8_t(sum >> 8);
  frame.at(at + 17) = uint8_t(sum);
  return frame;
}

class ProbePackets : public testing::Test {
 protected:
  void load(const Case& c) {
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
    members_ = UniqueFd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "members", sizeof(uint32_t),
                                       sizeof(sluice_member), kMembers, &options));
    ASSERT_TRUE(members_.valid()) << strerror(errno);
    const Target target = target_of(c);
    for (const InnerFamily inner : {InnerFamily::kV4, InnerFamily::kV6}) {
      const uint32_t number = uint32_t(inner);
      const sluice_member row =
          member_head(target.backend, {.way = target.way, .mtu = kMtu}, inner);
      ASSERT_EQ(bpf_map_update_elem(members_.get(), &number, &row, BPF_ANY), 0);
    }
    Result<ProbeProgram> loaded = ProbeProgram::load(members_.get());
    ASSERT_TRUE(loaded) << loaded.error().message;
    program_.emplace(std::move(*loaded));
  }
  TestOutcome run(const Bytes& frame, uint32_t mark) {
    Result<TestOutcome> out = test_run(program_->program_fd(), Hook::kTc, frame, {.mark = mark});
    EXPECT_TRUE(out) << out.error().message;
    return out.value_or(TestOutcome{});
  }
  // Nothing else was counted since the last time.
  void expect_counted(sluice_probe_fate fate) {
    Result<ProbeFates> now = program_->fates();
    ASSERT_TRUE(now) << now.error().message;
    counted_[fate]++;
    EXPECT_EQ(*now, counted_) << kProbeFateTexts[fate].name;
  }
  void expect_dropped(const Bytes& frame, uint32_t mark, sluice_probe_fate why) {
    EXPECT_EQ(run(frame, mark).action, uint32_t(TC_ACT_SHOT));
    expect_counted(why);
  }

  UniqueFd members_;
  std::optional<ProbeProgram> program_;
  ProbeFates counted_ = {};
};

class EveryTunnel : public ProbePackets, public testing::WithParamInterface<Case> {
 protected:
  void SetUp() override { load(GetParam()); }
  // What of the frame was sent; nothing, and a failure, if it was not.
  Bytes sent(const Bytes& frame) {
    const TestOutcome out = run(frame, sluice_probe_mark(0, GetParam().member()));
    EXPECT_EQ(out.action, uint32_t(TC_ACT_REDIRECT));
    EXPECT_EQ(out.mark, 0u) << "nobody else is to see it";
    expect_counted(SLUICE_PROBE_SENT);
    return out.action == TC_ACT_REDIRECT ? out.frame : Bytes();
  }
};

TEST_P(EveryTunnel, IsThatOfTraffic) {
  for (const size_t payload : {size_t(0), size_t(1), size_t(512), size_t(1400)}) {
    const Bytes tcp = to_vip(GetParam(), 0xb9).tcp({40000, 80}).payload(payload).build();
    const Bytes udp = to_vip(GetParam()).udp({40000, 53}).payload(payload).build();
    EXPECT_EQ(check_encapsulation(tcp, sent(tcp), target_of(GetParam())), "") << payload;
    EXPECT_EQ(check_encapsulation(udp, sent(udp), target_of(GetParam())), "") << payload;
  }
}

// The inner checksum leaves as it came, for the kernel or the network card to complete; the outer
// one is right when they have.
TEST_P(EveryTunnel, OfASumThatIsToBeDoneIsRightInTheEnd) {
  const size_t at = inner_sum_at(GetParam());
  for (const size_t payload : {size_t(0), size_t(1), size_t(3), size_t(512), size_t(1399)}) {
    const Bytes whole = to_vip(GetParam()).tcp({40000, 80}).payload(payload).build();
    Bytes out = sent(with_sum_to_do(GetParam(), whole));
    ASSERT_GT(out.size(), at + 2);
    const Bytes left = slice(out, at, 2);
    EXPECT_EQ(left,
              slice(with_sum_to_do(GetParam(), whole), at - target_of(GetParam()).overhead(), 2));
    const Bytes completed = slice(whole, at - target_of(GetParam()).overhead(), 2);
    ASSERT_NE(left, completed);
    std::copy(completed.begin(), completed.end(), out.begin() + ptrdiff_t(at));
    EXPECT_EQ(check_encapsulation(whole, out, target_of(GetParam())), "") << payload;
  }
}

TEST_P(EveryTunnel, TakesWhatFitsAndNoMore) {
  const size_t headers = (GetParam().v6_vip ? 40 : 20) + 20;
  const size_t room = target_of(GetParam()).room() - headers;
  const Bytes most = to_vip(GetParam()).tcp({40000, 80}).payload(room).build();
  EXPECT_EQ(check_encapsulation(most, sent(most), target_of(GetParam())), "");
  expect_dropped(to_vip(GetParam()).tcp({40000, 80}).payload(room + 1).build(),
                 sluice_probe_mark(0, GetParam().member()), SLUICE_PROBE_TOO_BIG);
}

// The mark is an instance's, whichever of them.
TEST_P(EveryTunnel, IsFoundByTheMark) {
  const Bytes frame = to_vip(GetParam()).tcp({40000, 80}).build();
  const uint32_t member = GetParam().member();
  for (const uint32_t instance : {0u, SLUICE_PROBE_INSTANCES - 1u}) {
    const TestOutcome out = run(frame, sluice_probe_mark(instance, member));
    EXPECT_EQ(out.action, uint32_t(TC_ACT_REDIRECT));
    expect_counted(SLUICE_PROBE_SENT);
  }
  for (const uint32_t mark : {0u, member, 0x5a000000 | member, 0x5f000000 | member, 0xffffffff})
    expect_dropped(frame, mark, SLUICE_PROBE_NOT_MARKED);
  for (const uint32_t number : {kFree, kMembers, 0xffffffu})
    expect_dropped(frame, sluice_probe_mark(0, number), SLUICE_PROBE_NO_MEMBER);
}

std::vector<Case> cases() {
  const IpPrefix many4 = *IpPrefix::parse("203.0.113.128/25"),
                 many6 = *IpPrefix::parse("2001:db8:b:f::/96");
  const std::pair<const char*, Forward> forwards[] = {
      {"Ipip", {.tunnel = Tunnel::kIpip}},
      {"IpipFromAPrefix", {.tunnel = Tunnel::kIpip, .source_v4 = many4, .source_v6 = many6}},
      {"Gre", {.tunnel = Tunnel::kGre}},
      {"Fou", {.tunnel = Tunnel::kFou, .port = 5555, .port_v6 = 5556}},
      {"Gue", {.tunnel = Tunnel::kGue, .port = 6080}},
      {"GueVariant1", {.tunnel = Tunnel::kGue, .port = 6080, .gue_variant = 1}},
      {"Geneve", {.tunnel = Tunnel::kGeneve, .port = 6081, .vni = 0x123456}},
      {"GeneveWithoutASum", {.tunnel = Tunnel::kGeneve, .port = 6081, .checksum_v6 = false}},
      {"L2", {.tunnel = Tunnel::kL2}},
  };
  std::vector<Case> all;
  for (const auto& [name, forward] : forwards)
    for (const bool v6_backend : {false, true})
      for (const bool v6_vip : {false, true})
        all.push_back({std::string(name) + (v6_vip ? "V6" : "V4") + (v6_backend ? "InV6" : "InV4"),
                       forward, v6_backend, v6_vip});
  return all;
}
INSTANTIATE_TEST_SUITE_P(Tunnel, EveryTunnel, testing::ValuesIn(cases()),
                         [](const auto& c) { return c.param.name; });

TEST_F(ProbePackets, WhatIsNoWholeIpPacketIsDropped) {
  const Case ipip = {.name = "ipip", .forward = {}};
  ASSERT_NO_FATAL_FAILURE(load(ipip));
  const uint32_t mark = sluice_probe_mark(0, 0);
  const Bytes good = to_vip(ipip).udp({1, 2}).payload(30).build();
  Bytes arp = good, version = good, header = good, longer = good, shorter = good;
  arp[13] = 0x06;
  version[kIpAt] = 0x65;
  header[kIpAt] = 0x44;
  longer[kIpAt + 3]++;
  shorter[kIpAt + 3] = 19;
  for (const Bytes& frame : {arp, version, header, longer, shorter, first(good, kIpAt + 33)})
    expect_dropped(frame, mark, SLUICE_PROBE_NOT_IP);
  EXPECT_EQ(run(good, mark).action, uint32_t(TC_ACT_REDIRECT));
}

TEST_F(ProbePackets, GoesOnWithAnotherTableAndTheSameCounters) {
  const Case ipip = {.name = "ipip", .forward = {}}, gre = {"gre", {.tunnel = Tunnel::kGre}};
  ASSERT_NO_FATAL_FAILURE(load(gre));
  const UniqueFd other = std::move(members_);
  ASSERT_NO_FATAL_FAILURE(load(ipip));
  const Bytes frame = to_vip(ipip).udp({1, 2}).payload(30).build();
  EXPECT_EQ(check_encapsulation(frame, run(frame, sluice_probe_mark(0, 0)).frame, target_of(ipip)),
            "");
  expect_counted(SLUICE_PROBE_SENT);
  const Result<void> used = program_->use(other.get());
  ASSERT_TRUE(used) << used.error().message;
  EXPECT_EQ(check_encapsulation(frame, run(frame, sluice_probe_mark(0, 0)).frame, target_of(gre)),
            "");
  expect_counted(SLUICE_PROBE_SENT);
}

TEST_F(ProbePackets, CostTheVerifierLittle) {
  ASSERT_NO_FATAL_FAILURE(load({.name = "ipip", .forward = {}}));
  bpf_prog_info info = {};
  uint32_t size = sizeof(info);
  ASSERT_EQ(bpf_obj_get_info_by_fd(program_->program_fd(), &info, &size), 0);
  std::cout << info.name << ": " << info.verified_insns << " visited\n";
  EXPECT_GT(info.verified_insns, 0u);
  EXPECT_LT(info.verified_insns, kBound);
}

}  // namespace
}  // namespace sluice::test
