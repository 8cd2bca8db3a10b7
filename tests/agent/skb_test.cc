// SPDX-License-Identifier: Apache-2.0
// sluice-agent at tc, on packets as a kernel makes them: in pages, merged by GRO, with a VLAN tag
// beside the data; and that the kernel takes what comes out of every tunnel.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <linux/pkt_cls.h>

#include <iterator>

#include "agent/run_fixture.h"
#include "agent/tap.h"
#include "agent/tunnels.h"

namespace sluice::netns {
namespace {

constexpr uint16_t kUdpPort = 53;  // of test::inner4() and test::inner6()
constexpr size_t kMoreThanAPage = 4300, kSegment = 1000;

// A tunnel, and the families outside and inside.
struct Way {
  std::string name;
  Bytes (*wrap)(const Bytes& inner);
  bool inner_v6;
};

void PrintTo(const Way& way, std::ostream* out) {
  *out << way.name;
}

class Skb : public RunTest {
 protected:
  void SetUp() override {
    RunTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    Result<Tap> tap = Tap::create(*backend_, "tap0", test::kOurMac);
    LAB_ASSERT_OK(tap);
    tap_.emplace(std::move(*tap));
    interface_ = "tap0";
    always_ = {"--mode", "tc", "--allow", test::kBalancer6 + "/128"};
    LAB_ASSERT_OK_AND(agent_, start());
  }
  void inject(const SkbFrame& frame) { LAB_ASSERT_OK(tap_->inject(frame)); }
  // The frame that must come out, whole; what stands beside it.
  VirtioHeader see(const Bytes& inner) {
    const bool v6 = inner.at(0) >> 4 == 6;
    Result<std::optional<SkbFrame>> frame = tap_->see(v6, kPatience);
    EXPECT_TRUE(frame && *frame) << status().output;
    if (!frame || !*frame) return {};
    EXPECT_EQ((*frame)->bytes, test::PacketBuilder()
                                   .ethernet(test::kOurMac, test::kRouterMac, v6 ? 0x86dd : 0x0800)
                                   .payload(inner)
                                   .build());
    return (*frame)->beside;
  }
  nlohmann::json passed() { return status_json()["passes"]; }

  std::optional<Tap> tap_;
  std::optional<Process> agent_;
};

class EveryWay : public Skb, public testing::WithParamInterface<Way> {
 protected:
  test::PacketBuilder inner() const {
    test::PacketBuilder b;
    if (GetParam().inner_v6)
      b.ipv6({.source = test::kClient6, .destination = test::kVip6});
    else
      b.ipv4({.source = test::kClient4, .destination = test::kVip4});
    return b;
  }
};

TEST_P(EveryWay, IsTakenByTheKernel) {
  const std::string vip = GetParam().inner_v6 ? kVip6 : kVip4;
  Result<UniqueFd> at_vip = udp_listener(*backend_, vip, kUdpPort);
  LAB_ASSERT_OK(at_vip);
  inject({.bytes = GetParam().wrap(inner().udp({40000, kUdpPort}).payload(3).build())});
  EXPECT_EQ(receive(*at_vip, kPatience), std::string("\0\1\2", 3));
  EXPECT_EQ(status_json()["decapsulated"]["packets"], 1);
}

// All that is not the Ethernet header lies in pages.
TEST_P(EveryWay, IsOpenedInPages) {
  const Bytes packet = inner().udp({40000, kUdpPort}).payload(kMoreThanAPage).build();
  inject({.beside = {.hdr_len = 14}, .bytes = GetParam().wrap(packet)});
  EXPECT_EQ(see(packet).gso_type, VirtioHeader::kNone);
}

// As GRO leaves segments: one packet, whose TCP checksum is to be done, and their size beside it.
TEST_P(EveryWay, KeepsTheSegmentsOfAMergedPacket) {
  const Bytes packet = inner().tcp({40000, 80}).payload(kMoreThanAPage).build();
  const Bytes frame = GetParam().wrap(packet);
  const uint16_t ip = GetParam().inner_v6 ? 40 : 20, front = uint16_t(frame.size() - packet.size());
  const uint8_t type = GetParam().inner_v6 ? VirtioHeader::kTcp6 : VirtioHeader::kTcp4;
  inject({.beside = {.flags = VirtioHeader::kNeedsChecksum,
                     .gso_type = type,
                     .hdr_len = uint16_t(front + ip + 20),
                     .gso_size = kSegment,
                     .csum_start = uint16_t(front + ip),
                     .csum_offset = 16},
          .bytes = frame});
  const VirtioHeader beside = see(packet);
  EXPECT_EQ(beside.gso_type, type);
  EXPECT_EQ(beside.gso_size, kSegment);
  EXPECT_EQ(beside.flags, VirtioHeader::kNeedsChecksum);
  EXPECT_EQ(beside.csum_start, 14 + ip);
  EXPECT_EQ(beside.csum_offset, 16);
}

template <test::Wrapped (*wrap)(const Bytes&), bool v6>
Bytes framed(const Bytes& inner) {
  return v6 ? test::frame6(wrap(inner)) : test::frame4(wrap(inner));
}
test::Wrapped gre(const Bytes& inner) {
  return test::in_gre(inner);
}
test::Wrapped gre_with_all(const Bytes& inner) {
  return test::in_gre(inner, {.flags = 0xb000, .fields = Bytes(12, 0xee)});
}
test::Wrapped gue(const Bytes& inner) {
  return test::in_gue(inner);
}
test::Wrapped geneve(const Bytes& inner) {
  return test::in_geneve(inner);
}
test::Wrapped geneve_ethernet(const Bytes& inner) {
  return test::in_geneve(test::in_ethernet(inner), {.type = 0x6558});
}

std::vector<Way> all_ways() {
  const struct {
    const char* name;
    Bytes (*in4)(const Bytes&);
    Bytes (*in6)(const Bytes&);
  } tunnels[] = {
      {"Ipip", [](const Bytes& b) { return test::in4(b); },
       [](const Bytes& b) { return test::in6(b); }},
      {"Gre", framed<gre, false>, framed<gre, true>},
      {"GreWithAll", framed<gre_with_all, false>, framed<gre_with_all, true>},
      {"Fou", framed<test::in_fou, false>, framed<test::in_fou, true>},
      {"Gue", framed<gue, false>, framed<gue, true>},
      {"Gue1", framed<test::in_gue1, false>, framed<test::in_gue1, true>},
      {"Geneve", framed<geneve, false>, framed<geneve, true>},
      {"GeneveEthernet", framed<geneve_ethernet, false>, framed<geneve_ethernet, true>},
  };
  std::vector<Way> ways;
  for (const auto& [name, in4, in6] : tunnels)
    for (const bool inner_v6 : {false, true}) {
      const std::string of = std::string(name) + (inner_v6 ? "V6" : "V4");
      ways.push_back({of + "InV4", in4, inner_v6});
      ways.push_back({of + "InV6", in6, inner_v6});
    }
  return ways;
}
INSTANTIATE_TEST_SUITE_P(Tunnel, EveryWay, testing::ValuesIn(all_ways()),
                         [](const auto& way) { return way.param.name; });

// The kernel takes the tag off before tc; at XDP it is in the frame. Neither is ours.
TEST_F(Skb, LeavesAFrameWithAVlanTagAlone) {
  Bytes frame = test::in4(test::inner4());
  const Bytes tag = {0x81, 0x00, 0x00, 0x07};
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  inject({.bytes = frame});
  EXPECT_EQ(passed()["NOT_IP"], 1);
  EXPECT_EQ(status_json()["decapsulated"]["packets"], 0);
}

TEST_F(Skb, LeavesAFrameAloneThatEndsBeforeItsIpHeaderDoes) {
  inject({.bytes = test::first(test::in4(test::inner4()), 14)});
  inject({.bytes = test::first(test::in4(test::inner4()), 14 + 19)});
  inject({.bytes = test::first(test::in6(test::inner6()), 14 + 39)});
  EXPECT_EQ(passed()["NOT_IP"], 3);
}

TEST_F(Skb, FiltersOfOthersHaveTheirSay) {
  Result<UniqueFd> at_vip = udp_listener(*backend_, kVip4, kUdpPort);
  LAB_ASSERT_OK(at_vip);
  Result<void> other = backend_->run([&]() -> Result<void> {
    const bpf_insn drop[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = TC_ACT_SHOT},
        {.code = BPF_JMP | BPF_EXIT},
    };
    const UniqueFd program(
        bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "other", "GPL", drop, std::size(drop), nullptr));
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = int(tap_->ifindex()), .attach_point = BPF_TC_INGRESS);
    (void)bpf_tc_hook_create(&hook);
    LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = program.get(), .handle = 1, .priority = 40);
    if (int r = bpf_tc_attach(&hook, &filter); r < 0) return errno_error("attach a filter", r);
    return {};
  });
  LAB_ASSERT_OK(other);
  inject({.bytes = test::in4(test::inner4())});
  EXPECT_EQ(receive(*at_vip, kSilence), "");
  EXPECT_EQ(status_json()["decapsulated"]["packets"], 1);
}

}  // namespace
}  // namespace sluice::netns
