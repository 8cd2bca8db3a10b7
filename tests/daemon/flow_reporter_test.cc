// SPDX-License-Identifier: Apache-2.0
// What an entry of a flow table is called, and who asks for it.
#include <gtest/gtest.h>

#include "daemon/example.h"

namespace sluice::test {
namespace {

struct FlowReporterTest : ::testing::Test {
  FlowExample example;

  std::optional<api::Flow> report(const Flow& f, const api::FlowQuery& query = {}) {
    return FlowReporter(example.knowledge(), query, kNow).report(f);
  }
  bool lists(const Flow& f, const api::FlowQuery& query) { return report(f, query).has_value(); }
};

TEST_F(FlowReporterTest, EverythingIsTold) {
  const api::Flow expected = {.protocol = "tcp",
                              .client = "198.51.100.7",
                              .client_port = 1234,
                              .vip = "192.0.2.10",
                              .vip_port = 443,
                              .service = "shop",
                              .backend = "web/be1",
                              .address = "203.0.113.11",
                              .table = "new",
                              .state = "half-open",
                              .idle = 2.5};
  EXPECT_EQ(report(flow(FlowTable::kNew, 1, 1234, SLUICE_FLOW_HALF_OPEN)), expected);
}

TEST_F(FlowReporterTest, ALeavingBackendIsMarked) {
  const std::optional<api::Flow> f = report(flow(FlowTable::kAdopted, 2, 1));
  ASSERT_TRUE(f);
  EXPECT_EQ(f->backend, "web/be2");
  EXPECT_EQ(f->address, "203.0.113.12");
  EXPECT_TRUE(f->leaving);
  EXPECT_EQ(f->table, "adopted");
}

TEST_F(FlowReporterTest, StatesHaveNames) {
  const auto state = [&](uint32_t marks) {
    return report(flow(FlowTable::kDoorkeeper, 1, 1, marks))->state;
  };
  EXPECT_EQ(state(0), "established");
  EXPECT_EQ(state(SLUICE_FLOW_HALF_OPEN), "half-open");
  EXPECT_EQ(state(SLUICE_FLOW_FIN), "fin");
  EXPECT_EQ(state(SLUICE_FLOW_FIN | SLUICE_FLOW_RST), "rst");
}

TEST_F(FlowReporterTest, ProtocolsHaveNamesOrNumbers) {
  Flow f = flow(FlowTable::kAdopted, 1, 1);
  f.key.proto = IPPROTO_UDP;
  EXPECT_EQ(report(f)->protocol, "udp");
  f.key.proto = IPPROTO_SCTP;
  EXPECT_EQ(report(f)->protocol, "132");
}

// The clock of the data plane is read a moment after the one that it is compared with.
TEST_F(FlowReporterTest, NobodyIsIdleForLessThanNothing) {
  Flow f = flow(FlowTable::kAdopted, 1, 1);
  f.entry.seen = 1'000'000'000'001;
  EXPECT_EQ(report(f)->idle, 0);
}

// Another backend may have the number since: the flow is not its.
TEST_F(FlowReporterTest, AFlowOfABackendThatIsGoneHasNone) {
  Flow f = flow(FlowTable::kNew, 1, 1);
  f.entry.incarnation++;
  const std::optional<api::Flow> told = report(f);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->service + told->backend + told->address, "");
  EXPECT_FALSE(lists(f, {.service = "shop"}));
  EXPECT_FALSE(lists(f, {.backend = "web/be1"}));
}

TEST_F(FlowReporterTest, ServiceAndBackendFilter) {
  const Flow stays = flow(FlowTable::kNew, 1, 1), leaves = flow(FlowTable::kNew, 2, 2),
             other = flow(FlowTable::kNew, 3, 3);
  EXPECT_TRUE(lists(stays, {.service = "shop"}));
  EXPECT_TRUE(lists(leaves, {.service = "shop"}));
  EXPECT_FALSE(lists(other, {.service = "shop"}));
  EXPECT_TRUE(lists(stays, {.backend = "web/be1"}));
  EXPECT_FALSE(lists(leaves, {.backend = "web/be1"}));
  EXPECT_TRUE(lists(other, {.backend = "web/be1"})) << "the pool is that of both services";
  EXPECT_TRUE(lists(leaves, {.backend = "web/be2"}));
  EXPECT_FALSE(lists(other, {.service = "shop", .backend = "web/be1"}));
}

TEST_F(FlowReporterTest, AddressesFilter) {
  const Flow f = flow(FlowTable::kNew, 1, 1);
  const auto prefix = [](const char* text) { return IpPrefix::parse(text); };
  EXPECT_TRUE(lists(f, {.vip = prefix("192.0.2.10")}));
  EXPECT_FALSE(lists(f, {.vip = prefix("198.51.100.7")}));
  EXPECT_TRUE(lists(f, {.client = prefix("198.51.100.0/24")}));
  EXPECT_FALSE(lists(f, {.client = prefix("192.0.2.0/24")}));
  EXPECT_FALSE(lists(f, {.client = prefix("2001:db8::/32")}));
  EXPECT_FALSE(lists(f, {.vip = prefix("192.0.2.10"), .client = prefix("198.51.100.8")}));
}

}  // namespace
}  // namespace sluice::test
