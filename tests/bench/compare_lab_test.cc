// SPDX-License-Identifier: Apache-2.0
// A comparison in small: everybody forwards, every packet is counted, and who loses some is marked.
// How fast anybody is does not matter here.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <linux/bpf.h>
#include <unistd.h>

#include <iterator>

#include "compare/measure_cost.h"
#include "lab/check.h"
#include "netns/xdp.h"

namespace sluice::bench {
namespace {

constexpr CostSettings kSmall = {
    .rounds = 2, .attempts = 1, .packets = 20'000, .flows = 1024, .calibration = 1000, .cpu = 0};

class Compare : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(geteuid(), 0u) << "needs root, for network namespaces and BPF";
    LAB_ASSERT_OK_AND(lab_, netns::Lab::create());
    Result<Controls> controls = Controls::load();
    LAB_ASSERT_OK(controls);
    controls_.emplace(std::move(*controls));
  }
  void measure(const std::vector<Contestant>& who, const CostSettings& settings) {
    LAB_ASSERT_OK_AND(
        costs_, measure_costs(*lab_, who, live_frames, settings, *controls_, [](const auto&) {}));
    ASSERT_EQ(costs_.measured.size(), who.size());
  }

  std::unique_ptr<netns::Lab> lab_;
  std::optional<Controls> controls_;
  Costs costs_;
};

TEST_F(Compare, EverybodyDeliversEveryPacketToEveryBackend) {
  const std::vector<Contestant> all = contestants(controls_->null_tx(), controls_->encap_words());
  ASSERT_NO_FATAL_FAILURE(measure(all, kSmall));
  for (size_t i = 0; i < all.size(); i++) {
    const Measured& m = costs_.measured[i];
    SCOPED_TRACE(m.name);
    EXPECT_EQ(m.name, all[i].name);
    if (m.absent == "this kernel has no IPVS") continue;
    EXPECT_EQ(m.absent, "");
    ASSERT_EQ(m.samples.size(), size_t(kSmall.rounds));
    const bool chooses = all[i].delivery.to != Delivery::To::kVip && m.name != "xdp-encap";
    if (chooses) {
      EXPECT_EQ(m.backends, kSiteBackends);
    }
    for (const CostSample& s : m.samples) {
      EXPECT_EQ(s.sent, kSmall.packets);
      EXPECT_GT(s.delivered, kSmall.packets / 2);
      EXPECT_EQ(s.astray, 0u);
      EXPECT_GT(s.per_packet.ns, 0);
    }
  }
}

// One of 4096 packets, as chance has it.
Result<AtWork> lose_some(Site& site) {
  const bpf_insn program[] = {
      {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_prandom_u32},
      {.code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = BPF_REG_0, .imm = 4095},
      {.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = 2, .imm = 0},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_TX},
      {.code = BPF_JMP | BPF_EXIT},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP},
      {.code = BPF_JMP | BPF_EXIT},
  };
  const UniqueFd fd(
      bpf_prog_load(BPF_PROG_TYPE_XDP, "lose_some", "GPL", program, std::size(program), nullptr));
  if (!fd.valid()) return errno_error("load a program that loses packets");
  AtWork out;
  Result<UniqueFd> link = netns::attach_xdp(*site.balancer, kSiteDevice, fd.get());
  if (!link) return link.error();
  out.held.push_back(std::move(*link));
  return out;
}

TEST_F(Compare, ASampleThatLostPacketsIsMarked) {
  CostSettings settings = kSmall;
  settings.packets = 200'000;
  ASSERT_NO_FATAL_FAILURE(measure({{.name = "lossy",
                                    .summary = "",
                                    .delivery = {.to = Delivery::To::kVip},
                                    .set_up = lose_some}},
                                  settings));
  const CostFigures f = figures_of(costs_.measured[0], {});
  EXPECT_EQ(f.lossy, unsigned(settings.rounds));
  EXPECT_GT(f.lost, settings.packets / 4096 / 4);
}

TEST_F(Compare, WhoDeliversNothingIsAbsentAndSaysWhy) {
  const auto nothing = [](Site&) -> Result<AtWork> { return AtWork{}; };
  ASSERT_NO_FATAL_FAILURE(
      measure({{.name = "idle", .summary = "", .delivery = {}, .set_up = nothing}}, kSmall));
  EXPECT_THAT(costs_.measured[0].absent, testing::HasSubstr("0 are delivered"));
  EXPECT_TRUE(costs_.measured[0].samples.empty());
}

TEST_F(Compare, WhatTheMachineLacksIsNoErrorButOfSluice) {
  const auto lacking = [](Site&) -> Result<AtWork> { return Error{"there is none"}; };
  std::vector<Contestant> who = {
      {.name = "lacking", .summary = "", .delivery = {}, .set_up = lacking}};
  ASSERT_NO_FATAL_FAILURE(measure(who, kSmall));
  EXPECT_EQ(costs_.measured[0].absent, "there is none");
  who[0].name = "lacking-sluice";
  who[0].role = Role::kSluice;
  EXPECT_FALSE(
      measure_costs(*lab_, who, live_frames, kSmall, *controls_, [](const auto&) {}).has_value());
}

}  // namespace
}  // namespace sluice::bench
