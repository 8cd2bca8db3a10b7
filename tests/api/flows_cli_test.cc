// SPDX-License-Identifier: Apache-2.0
// `sluicectl flows list`, against a server that answers ten flows at a time.
#include <gmock/gmock.h>

#include "api/cli_fixture.h"

namespace sluice::api {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct FlowsCliTest : CliTest {
  const RunningServer server{socket};

  FlowList list(const std::string& arguments) const {
    const Outcome outcome = run("-o json flows list " + arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return from_document<FlowList>(nlohmann::json::parse(outcome.out)).value();
  }
};

TEST_F(FlowsCliTest, AreReadable) {
  const Outcome outcome = run("flows list --limit 2");
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out,
            R"(PROTOCOL  CLIENT                VIP                 SERVICE  BACKEND            )"
            R"(ADDRESS       TABLE    STATE        IDLE
tcp       198.51.100.7:1000     192.0.2.10:443      shop     web/be1            )"
            R"(198.51.100.1  new      half-open    0.0s
udp       [2001:db8:c::7]:1001  [2001:db8::10]:443  shop     web/be3 (leaving)  )"
            R"(198.51.100.3  adopted  established   13s

there are more: --limit 0 lists all
)");
}

TEST_F(FlowsCliTest, AreAskedForUntilThereAreNoMore) {
  for (const char* arguments : {"", "--limit 0", "--limit 26"}) {
    const FlowList all = list(arguments);
    ASSERT_EQ(all.flows.size(), kFlows) << arguments;
    for (uint32_t i = 0; i < kFlows; i++) EXPECT_EQ(all.flows[i], fixed_flow(i));
    EXPECT_FALSE(all.truncated);
  }
  EXPECT_THAT(run("flows list").out, Not(HasSubstr("there are more")));
}

TEST_F(FlowsCliTest, AreNoMoreThanTheLimitAcrossParts) {
  for (const uint32_t limit : {1u, 10u, 13u, 24u}) {
    const FlowList some = list("--limit " + std::to_string(limit));
    ASSERT_EQ(some.flows.size(), limit);
    EXPECT_EQ(some.flows.back(), fixed_flow(limit - 1));
    EXPECT_TRUE(some.truncated);
  }
}

TEST_F(FlowsCliTest, AFilterHoldsInEveryPart) {
  const FlowList some = list("--backend web/be3 --service shop");
  ASSERT_EQ(some.flows.size(), kFlows / 2);
  for (const Flow& f : some.flows) EXPECT_EQ(f.backend, "web/be3");
}

TEST_F(FlowsCliTest, SaysThatThereAreNone) {
  EXPECT_EQ(run("flows list --backend web/be9").out, "no flows\n");
}

TEST_F(FlowsCliTest, PassesOnWhyNot) {
  const Outcome outcome = run("flows list --service nosuch");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "sluicectl: sluiced: there is no such service or backend\n");
}

TEST_F(FlowsCliTest, WrongValuesAreStatusTwo) {
  for (const char* arguments : {"--limit many", "--limit -1", "--vip 192.0.2", "--client shop",
                                "--backend be1", "--service ''", "shop", "--in x"}) {
    const Outcome outcome = run(std::string("flows list ") + arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_EQ(outcome.out, "") << arguments;
  }
}

}  // namespace
}  // namespace sluice::api
