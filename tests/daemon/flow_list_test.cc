// SPDX-License-Identifier: Apache-2.0
// Real flow tables, listed in parts.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "daemon/example.h"
#include "kernel/dataplane.h"

namespace sluice::test {
namespace {

constexpr uint32_t kRoom = 1 << 18;
constexpr uint32_t kNewFlows = 80'000, kAdoptedFlows = 3'000, kNoted = 50;

std::unique_ptr<Dataplane> load(uint32_t flows, const Dataplane* before = nullptr) {
  Capacity capacity = capacity_for(Image{}, 251);
  capacity.flows = flows;
  auto made = Dataplane::load(capacity, hash_key_from_seed("seed"), {}, {Hook::kXdp},
                              before ? &before->objects() : nullptr);
  EXPECT_TRUE(made) << made.error().message;
  return made ? std::move(*made) : nullptr;
}

// From ports and addresses of their own; every tenth is of the backend that leaves.
void fill(const FlowTables& tables, FlowTable table, uint32_t count) {
  std::vector<sluice_flow> keys;
  std::vector<sluice_flow_entry> entries;
  for (uint32_t i = 0; i < count; i++) {
    Flow f = flow(table, i % 10 == 0 ? 2 : 1, uint16_t(i));
    f.key.src.word[3] = htonl(0xc6336400 + (i >> 16));  // 198.51.100.0 and on
    keys.push_back(f.key);
    entries.push_back(f.entry);
  }
  LIBBPF_OPTS(bpf_map_batch_opts, options);
  ASSERT_EQ(
      bpf_map_update_batch(tables.fd_of(table), keys.data(), entries.data(), &count, &options), 0);
}

// Every part, one after the other.
struct Parts {
  std::vector<api::FlowList> lists;

  size_t flows() const {
    size_t n = 0;
    for (const api::FlowList& l : lists) n += l.flows.size();
    return n;
  }
};

struct FlowListTest : ::testing::Test {
  FlowExample example;
  std::unique_ptr<Dataplane> dataplane = load(kRoom);

  void SetUp() override {
    ASSERT_TRUE(dataplane);
    fill(tables(), FlowTable::kNew, kNewFlows);
    fill(tables(), FlowTable::kAdopted, kAdoptedFlows);
    fill(tables(), FlowTable::kDoorkeeper, kNoted);
  }
  FlowTables& tables() { return *dataplane->flows(); }
  std::optional<api::FlowList> list(const api::FlowQuery& query) {
    const auto listed = list_flows(&tables(), example.knowledge(), query, kNow);
    EXPECT_TRUE(listed) << listed.error().message;
    return listed.value_or(std::nullopt);
  }
  Parts list_all(api::FlowQuery query) {
    Parts parts;
    do {
      const std::optional<api::FlowList> part = list(query);
      if (!part) break;
      parts.lists.push_back(*part);
      query.after = api::read_flow_query({{"after", part->next.empty() ? "0" : part->next}})->after;
    } while (!parts.lists.back().next.empty() && parts.lists.size() < 100);
    return parts;
  }
};

TEST_F(FlowListTest, EveryFlowIsInOnePart) {
  const Parts parts = list_all({.limit = 0});
  std::map<std::string, size_t> by_table;
  std::map<std::tuple<std::string, std::string, uint16_t>, int> seen;
  for (const api::FlowList& l : parts.lists) {
    EXPECT_LT(l.flows.size(), 15'000u);
    EXPECT_EQ(l.truncated, !l.next.empty());
    for (const api::Flow& f : l.flows) {
      by_table[f.table]++;
      seen[{f.table, f.client, f.client_port}]++;
    }
  }
  EXPECT_GT(parts.lists.size(), 5u);
  EXPECT_EQ(by_table["new"], kNewFlows);
  EXPECT_EQ(by_table["adopted"], kAdoptedFlows);
  EXPECT_EQ(by_table["doorkeeper"], kNoted);
  EXPECT_EQ(seen.size(), parts.flows()) << "nothing is listed twice";
}

TEST_F(FlowListTest, AFilterFindsAllThatItShould) {
  const Parts parts = list_all({.backend = "web/be2", .limit = 0});
  EXPECT_EQ(parts.flows(), (kNewFlows + kAdoptedFlows + kNoted) / 10);
  for (const api::FlowList& l : parts.lists)
    for (const api::Flow& f : l.flows) EXPECT_TRUE(f.leaving);
}

// However few are found, an answer does not take as long as the tables are large.
TEST_F(FlowListTest, ASearchForNothingIsInPartsToo) {
  const Parts parts = list_all({.client = IpPrefix::parse("203.0.113.1"), .limit = 0});
  EXPECT_EQ(parts.flows(), 0u);
  ASSERT_EQ(parts.lists.size(), 2u);
  EXPECT_TRUE(parts.lists[0].truncated);
  EXPECT_FALSE(parts.lists[1].truncated);
}

TEST_F(FlowListTest, ALimitCuts) {
  const std::optional<api::FlowList> some = list({.limit = 7});
  ASSERT_TRUE(some);
  EXPECT_EQ(some->flows.size(), 7u);
  EXPECT_TRUE(some->truncated);
  EXPECT_EQ(some->next, "");
}

TEST_F(FlowListTest, APlaceThatNeverWasIsTheEnd) {
  for (const api::FlowPlace& place : {api::FlowPlace{3}, api::FlowPlace{1u << 31, 5}}) {
    const std::optional<api::FlowList> none = list({.limit = 0, .after = place});
    ASSERT_TRUE(none);
    EXPECT_EQ(*none, api::FlowList{});
  }
  const std::optional<api::FlowList> rest = list({.limit = 0, .after = {0, UINT32_MAX}});
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->flows.size(), kAdoptedFlows + kNoted) << "of the tables behind it";
}

TEST_F(FlowListTest, NamesThatNobodyHasAreNothingToList) {
  EXPECT_FALSE(list({.service = "nosuch"}));
  EXPECT_FALSE(list({.backend = "web/be3"}));
  EXPECT_TRUE(list({.backend = "web/be2", .limit = 1})) << "it is leaving";
  EXPECT_TRUE(list({.service = "api", .limit = 1}));
  const auto without = list_flows(nullptr, example.knowledge(), {}, kNow);
  ASSERT_TRUE(without && *without);
  EXPECT_EQ(**without, api::FlowList{});
}

// Larger tables are new ones, but what was counted goes on.
TEST(FlowEventsTest, GoOnInADataPlaneWithTablesOfAnotherSize) {
  const std::unique_ptr<Dataplane> before = load(4096);
  ASSERT_TRUE(before);
  const uint32_t lost = SLUICE_FLOW_LOST;
  std::vector<uint64_t> copies(size_t(libbpf_num_possible_cpus()), 3);
  ASSERT_EQ(bpf_map_update_elem(before->flows()->events_fd(), &lost, copies.data(), BPF_ANY), 0);
  const std::unique_ptr<Dataplane> after = load(8192, before.get());
  ASSERT_TRUE(after);
  const Result<sluice::FlowEvents> events = after->flows()->events();
  ASSERT_TRUE(events);
  EXPECT_EQ((*events)[SLUICE_FLOW_LOST], 3 * copies.size());
  EXPECT_EQ((*events)[SLUICE_FLOW_RECORDED], 0u);
}

}  // namespace
}  // namespace sluice::test
