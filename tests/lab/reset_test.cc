// SPDX-License-Identifier: Apache-2.0
// `empty: reset` to real clients: without a usable backend they are told so at once, in the middle
// of a connection as well. Links may leave checksums to nobody, as those of virtual machines do.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <future>
#include <tuple>

#include "lab/deployment.h"
#include "lab/product_test.h"
#include "netns/offload.h"

namespace sluice::netns {
namespace {

using testing::HasSubstr;

const Weights kSome = {{"be1", 100}, {"be2", 100}}, kNone = {{"be1", 0}, {"be2", 0}};
constexpr milliseconds kAtOnce(500);  // a SYN is sent again after 1000

// The balancer's mode, and whether the client's checksums are left to nobody.
using Way = std::tuple<std::string, bool>;

std::string way_name(const testing::TestParamInfo<Way>& info) {
  return std::get<0>(info.param) + (std::get<1>(info.param) ? "_unsummed" : "_summed");
}

class Reset : public ProductTest, public testing::WithParamInterface<Way> {
 protected:
  static std::string mode_word() { return std::get<0>(GetParam()); }
  static bool unsummed() { return std::get<1>(GetParam()); }

  ConfigOptions options(const Weights& weights) const {
    return {.weights = weights,
            .mode = mode_word(),
            .empty = "reset",
            .defaults = {{"tracking", "never"}}};
  }
  void deploy_with(const Weights& weights) {
    LAB_ASSERT_OK(set_offload(topology_->balancer(), kDevice, Offload::kGro, mode_word() == "tc"));
    for (auto [host, device] :
         {std::pair(&topology_->client(), kDevice), std::pair(&topology_->router(), "balancer")})
      LAB_ASSERT_OK(set_offload(*host, device, Offload::kTxChecksum, unsummed()));
    ASSERT_NO_FATAL_FAILURE(deploy(options(weights)));
    ASSERT_EQ(attached_mode(), mode_word());
  }
  Answer get(const Request& request) {
    Result<std::vector<Answer>> answers = fetch(topology_->client(), {request});
    EXPECT_TRUE(answers) << answers.error().message;
    return answers ? answers->at(0) : Answer{};
  }
};

TEST_P(Reset, NewConnectionsAreRefusedAtOnce) {
  ASSERT_NO_FATAL_FAILURE(deploy_with(kNone));
  for (const std::string& vip : vip_urls()) {
    const Answer answer = get({.url = vip});
    EXPECT_THAT(answer.error, HasSubstr("refused")) << vip;
    EXPECT_LT(answer.done - answer.sent, kAtOnce) << vip;
  }
  EXPECT_EQ(replied("RESET"), 2u);
  EXPECT_EQ(dropped(), 0u);
}

// An upload under way when the last backends go.
// Only without tracking: with it they stay with the backends they have.
TEST_P(Reset, OpenConnectionsAreResetAtOnce) {
  ASSERT_NO_FATAL_FAILURE(deploy_with(kSome));
  for (const std::string& vip : vip_urls()) {
    const uint64_t before = replied("RESET");
    LAB_ASSERT_OK(product_->write_config(config_text(*topology_, options(kSome))));
    LAB_ASSERT_OK(wait_until([&] { return get({.url = vip}).error.empty(); }, milliseconds(3000),
                             "the backends to be back"));
    std::future<Answer> upload = std::async(std::launch::async, [&] {
      return get({.url = vip, .upload = 100'000'000'000, .patience = milliseconds(10000)});
    });
    LAB_ASSERT_OK(pause_for(milliseconds(700)));
    Clock::time_point changed;
    LAB_ASSERT_OK_AND(changed, product_->write_config(config_text(*topology_, options(kNone))));
    const Answer answer = upload.get();
    EXPECT_THAT(answer.error, HasSubstr("reset by peer")) << vip;
    EXPECT_LT(answer.done - changed, milliseconds(1500)) << vip;
    EXPECT_GT(replied("RESET"), before);
  }
}

// XDP knows nothing of checksums left to others: not even what it forwards is right then.
INSTANTIATE_TEST_SUITE_P(Mode, Reset,
                         testing::Values(Way("native", false), Way("generic", false),
                                         Way("tc", false), Way("tc", true)),
                         way_name);

}  // namespace
}  // namespace sluice::netns
