// SPDX-License-Identifier: Apache-2.0
// At tc the balancer may be handed several TCP segments merged into one (GRO). They must leave as
// the segments they were, each in a tunnel of its own.
#include <gmock/gmock.h>

#include "lab/deployment.h"
#include "lab/product_test.h"
#include "netns/offload.h"

namespace sluice::netns {
namespace {

constexpr uint64_t kSize = 10'000'000, kSegment = 1448;
const Weights kAll = {{"be1", 100}, {"be2", 100}};
const std::vector<std::string> kTc = {"tc"};
const std::vector<std::string> kUnsummed = {"ipip", "gre", "{fou: {checksum: false}}",
                                            "{gue: {checksum: false}}",
                                            "{geneve: {checksum: false}}"};

class Merged : public ProductTest, public testing::WithParamInterface<Deployment> {
 protected:
  Answer upload(const std::string& vip, milliseconds patience) {
    Result<std::vector<Answer>> answers =
        fetch(topology_->client(), {{.url = vip, .upload = kSize, .patience = patience}});
    EXPECT_TRUE(answers) << answers.error().message;
    return answers ? answers->at(0) : Answer{};
  }
  void deploy_merging() {
    LAB_ASSERT_OK(set_offload(topology_->balancer(), kDevice, Offload::kGro, true));
    ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll,
                                    .mode = GetParam().mode,
                                    .ipv6_backends = GetParam().ipv6_backends,
                                    .forward = GetParam().forward}));
  }
  uint64_t forwarded() { return status().at("counters").at("forwarded").at("packets"); }
};

TEST_P(Merged, SegmentsArriveAsTheyWereSent) {
  ASSERT_NO_FATAL_FAILURE(deploy_merging());
  for (const std::string& vip : vip_urls()) {
    const uint64_t before = forwarded();
    const Answer answer = upload(vip, milliseconds(15000));
    EXPECT_EQ(answer.error, "") << vip;
    EXPECT_EQ(answer.received, kSize);
    EXPECT_EQ(answer.received_digest, answer.sent_digest);
    EXPECT_LT(forwarded() - before, kSize / kSegment / 2) << "nothing was merged";
  }
  EXPECT_EQ(dropped(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Tunnel, Merged, testing::ValuesIn(deployments(kUnsummed, kTc)), name_of);

// A checksum for each segment is more than the kernel can be asked for.
class MergedAndSummed : public Merged {};

TEST_P(MergedAndSummed, AreDroppedForANamedReason) {
  ASSERT_NO_FATAL_FAILURE(deploy_merging());
  upload(vip_urls()[0], milliseconds(1000));
  EXPECT_GT(dropped(), 0u);
  const nlohmann::json now = status();
  for (const nlohmann::json& count : now.at("counters").at("dropped"))
    EXPECT_TRUE(count.at("reason") == "MERGED" || count.at("packets") == 0) << count;
}

INSTANTIATE_TEST_SUITE_P(OuterIpv6, MergedAndSummed, testing::Values(Deployment{"tc", "gue", true}),
                         name_of);

}  // namespace
}  // namespace sluice::netns
