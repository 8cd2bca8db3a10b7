// SPDX-License-Identifier: Apache-2.0
// Every program of the agent is far below what the verifier of any kernel bears.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <memory>

#include "agent_mss.skel.h"
#include "agent_tc.skel.h"
#include "agent_xdp.skel.h"

namespace sluice::test {
namespace {

constexpr uint32_t kBound = 20'000;  // instructions visited; the kernel's own limit is a million

template <class T>
struct Destroy {
  void operator()(T* skeleton) const { T::destroy(skeleton); }
};

template <class T>
class AgentVerifier : public testing::Test {};
using Skeletons = testing::Types<agent_xdp, agent_tc, agent_mss>;
TYPED_TEST_SUITE(AgentVerifier, Skeletons);

TYPED_TEST(AgentVerifier, VisitsFewInstructions) {
  const std::unique_ptr<TypeParam, Destroy<TypeParam>> s(TypeParam::open_and_load());
  ASSERT_TRUE(s) << strerror(errno);
  const bpf_program* program = bpf_object__next_program(s->obj, nullptr);
  bpf_prog_info info = {};
  uint32_t size = sizeof(info);
  ASSERT_EQ(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size), 0);
  std::cout << info.name << " (" << info.type << "): " << info.verified_insns << " visited\n";
  EXPECT_GT(info.verified_insns, 0u);
  EXPECT_LT(info.verified_insns, kBound);
}

}  // namespace
}  // namespace sluice::test
