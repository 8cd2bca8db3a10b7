// SPDX-License-Identifier: Apache-2.0
// What the reduced program asks of a device, read from its object: no more than the one driver that
// takes XDP programs onto a device gives (nfp: its verifier.c, offload.c and jit.c in Linux).
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cstddef>
#include <iterator>
#include <regex>
#include <sstream>
#include <vector>

#include "abi/device_abi.h"
#include "base/unique_fd.h"
#include "kernel/skeleton.h"
#include "sluice_offload.skel.h"

namespace sluice {
namespace {

constexpr size_t kMaxInstructions = 2500;
constexpr size_t kLogSize = 32 << 20;
constexpr uint64_t kMaxProduct = uint64_t(UINT32_MAX) * UINT32_MAX;

// Does the verifier say how large the product of two 32-bit numbers can be?
bool tells_products() {
  const bpf_insn square[] = {
      {.code = BPF_LDX | BPF_MEM | BPF_W,
       .dst_reg = BPF_REG_2,
       .src_reg = BPF_REG_1,
       .off = offsetof(xdp_md, rx_queue_index)},
      {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_0, .src_reg = BPF_REG_2},
      {.code = BPF_ALU64 | BPF_MUL | BPF_X, .dst_reg = BPF_REG_0, .src_reg = BPF_REG_2},
      {.code = BPF_JMP | BPF_EXIT},
  };
  std::vector<char> log(1 << 16);
  LIBBPF_OPTS(bpf_prog_load_opts, options, .log_level = 2, .log_size = uint32_t(log.size()),
              .log_buf = log.data());
  const UniqueFd fd(
      bpf_prog_load(BPF_PROG_TYPE_XDP, "square", "GPL", square, std::size(square), &options));
  EXPECT_TRUE(fd.valid()) << log.data();
  return std::regex_search(log.data(), std::regex(R"(r0 \*= r2 .*R0\S*umax=)"));
}

class DeviceShape : public testing::Test {
 protected:
  void SetUp() override {
    object_.reset(sluice_offload::open());
    ASSERT_NE(object_, nullptr);
    program_ = object_->progs.sluice_ingress;
    bpf_program__set_log_level(program_, 2);
    bpf_program__set_log_buf(program_, log_.data(), log_.size());
    ASSERT_EQ(sluice_offload::load(object_.get()), 0);
    const bpf_insn* first = bpf_program__insns(program_);
    code_.assign(first, first + bpf_program__insn_cnt(program_));
  }

  bool is_wide(size_t at) const { return code_[at].code == (BPF_LD | BPF_IMM | BPF_DW); }
  // Where execution can go on from the instruction at `at`.
  std::vector<size_t> successors(size_t at) const {
    const bpf_insn& i = code_[at];
    const uint8_t kind = BPF_CLASS(i.code), operation = BPF_OP(i.code);
    if (is_wide(at)) return {at + 2};
    if ((kind != BPF_JMP && kind != BPF_JMP32) || operation == BPF_CALL) return {at + 1};
    if (operation == BPF_EXIT) return {};
    const size_t target = size_t(ptrdiff_t(at) + 1 + i.off);
    if (operation == BPF_JA) return {target};
    return {at + 1, target};
  }

  SkeletonPtr<sluice_offload> object_;
  bpf_program* program_ = nullptr;
  std::vector<bpf_insn> code_;
  std::vector<char> log_ = std::vector<char>(kLogSize);
};

TEST_F(DeviceShape, TablesAreArraysOfSmallValuesWithoutFlags) {
  const bpf_map* map;
  int maps = 0;
  bpf_object__for_each_map(map, object_->obj) {
    EXPECT_FALSE(bpf_map__is_internal(map)) << bpf_map__name(map);
    EXPECT_EQ(bpf_map__type(map), BPF_MAP_TYPE_ARRAY) << bpf_map__name(map);
    EXPECT_EQ(bpf_map__map_flags(map), 0u) << bpf_map__name(map);
    EXPECT_LE(bpf_map__value_size(map), SLUICE_DEVICE_VALUE + 0u) << bpf_map__name(map);
    maps++;
  }
  EXPECT_GT(maps, 0);
}

TEST_F(DeviceShape, CallsNothingButLookupsAndAdjustHead) {
  for (const bpf_insn& i : code_) {
    if (i.code != (BPF_JMP | BPF_CALL)) continue;
    EXPECT_EQ(i.src_reg, 0) << "a function of its own";
    EXPECT_TRUE(i.imm == BPF_FUNC_map_lookup_elem || i.imm == BPF_FUNC_xdp_adjust_head) << i.imm;
  }
}

TEST_F(DeviceShape, HasNoConstantsInMaps) {
  for (size_t at = 0; at < code_.size(); at += is_wide(at) ? 2 : 1)
    if (is_wide(at)) {
      EXPECT_TRUE(code_[at].src_reg == 0 || code_[at].src_reg == BPF_PSEUDO_MAP_FD) << at;
    }
}

TEST_F(DeviceShape, AtomicOperationsOnlyAdd) {
  int atomic = 0;
  for (size_t at = 0; at < code_.size(); at += is_wide(at) ? 2 : 1)
    if (BPF_CLASS(code_[at].code) == BPF_STX && BPF_MODE(code_[at].code) == BPF_ATOMIC) {
      EXPECT_EQ(code_[at].imm, BPF_ADD) << at;
      atomic++;
    }
  EXPECT_GT(atomic, 0);
}

TEST_F(DeviceShape, FitsAndHasNoLoops) {
  EXPECT_LE(code_.size(), kMaxInstructions);
  enum State { kNew, kOpen, kDone };
  std::vector<State> state(code_.size(), kNew);
  std::vector<size_t> path = {0};
  while (!path.empty()) {
    const size_t at = path.back();
    const bool returned = state[at] == kOpen;
    if (returned || state[at] == kDone) {
      state[at] = kDone;
      path.pop_back();
      continue;
    }
    state[at] = kOpen;
    for (const size_t next : successors(at)) {
      ASSERT_LT(next, code_.size());
      ASSERT_NE(state[next], kOpen) << "from " << at << " back to " << next;
      if (state[next] == kNew) path.push_back(next);
    }
  }
}

// The device multiplies 32 bits by 32. The verifier says of each product how large it can be; where
// a factor can be larger it knows nothing ("scalar()").
TEST_F(DeviceShape, MultipliesWordsOnly) {
  if (!tells_products()) GTEST_SKIP() << "this kernel's verifier does not bound products (6.1)";
  const std::regex product(R"(^\d+: \((?:27|2f)\) r(\d) \*= .*?; (.*)$)");
  const std::regex bound(R"(umax=(0x[0-9a-f]+|\d+))");
  std::istringstream lines(log_.data());
  std::vector<std::string> unbounded;
  int bounded = 0;
  for (std::string line; std::getline(lines, line);) {
    std::smatch m, r, b;
    if (!std::regex_search(line, m, product)) continue;
    const std::string registers = m[2];
    const std::regex result("R" + std::string(m[1]) + "(?:_[rw]+)?=(\\S+)");
    ASSERT_TRUE(std::regex_search(registers, r, result)) << line;
    const std::string value = r[1];
    if (value.find("scalar") == std::string::npos) continue;  // a constant
    if (std::regex_search(value, b, bound) && std::stoull(b[1], nullptr, 0) <= kMaxProduct)
      bounded++;
    else
      unbounded.push_back(line);
  }
  for (const bpf_insn& i : code_)
    if (i.code == (BPF_ALU64 | BPF_MUL | BPF_K)) {
      EXPECT_GE(i.imm, 0) << "its sign would be extended to 64 bits";
    }
  EXPECT_GT(bounded, 0);
  EXPECT_EQ(unbounded, std::vector<std::string>());
}

}  // namespace
}  // namespace sluice
