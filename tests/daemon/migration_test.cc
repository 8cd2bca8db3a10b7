// SPDX-License-Identifier: Apache-2.0
// A daemon whose tables are laid out in another way than those of the one before: others take their
// place, and every flow stays where it is.
#include <map>
#include <set>

#include "daemon/controller_fixture.h"
#include "kernel/test_run.h"
#include "support/packet_builder.h"

namespace sluice::test {
namespace {

constexpr uint8_t kSyn = 0x02, kAck = 0x10;
constexpr uint16_t kFlows = 400;

class MigrationTest : public ControllerTest {
 protected:
  // The backend that a packet of the flow from this port is sent to; an unspecified address: none.
  IpAddress backend_of(uint16_t port, uint8_t flags) const {
    const Bytes frame = PacketBuilder()
                            .ethernet("02:00:00:00:00:01", "02:00:00:00:00:02")
                            .ipv4({.source = "198.51.100.7", .destination = "192.0.2.10"})
                            .tcp({.source = port, .destination = 80, .flags = flags})
                            .build();
    constexpr size_t kOuterDestination = 14 + 16;
    const Result<TestOutcome> out = test_run(controller_->programs().xdp, Hook::kXdp, frame);
    EXPECT_TRUE(out) << out.error().message;
    if (!out || out->frame.size() != frame.size() + 20) return {};
    return IpAddress::from_v4(out->frame.data() + kOuterDestination);
  }
  // By port. Half of the flows are older than the change that has just been made, half are new.
  std::map<uint16_t, IpAddress> begin_flows() {
    for (uint16_t i = 0; i < kFlows; i += 2) backend_of(uint16_t(10000 + i), kSyn);
    leave_and_come();
    apply();
    for (uint16_t i = 1; i < kFlows; i += 2) backend_of(uint16_t(10000 + i), kSyn);
    return flows();
  }
  std::map<uint16_t, IpAddress> flows() const {
    std::map<uint16_t, IpAddress> out;
    for (uint16_t i = 0; i < kFlows; i++)
      out.emplace(uint16_t(10000 + i), backend_of(uint16_t(10000 + i), kAck));
    return out;
  }
  static size_t differences(const std::map<uint16_t, IpAddress>& a,
                            const std::map<uint16_t, IpAddress>& b) {
    size_t n = 0;
    for (const auto& [port, backend] : a) n += backend != b.at(port);
    return n;
  }
};

TEST_F(MigrationTest, KeepsEveryFlowWhereItIs) {
  const std::map<uint16_t, IpAddress> before = begin_flows();
  const std::set<IpAddress> backends = [&] {
    std::set<IpAddress> out;
    for (const auto& [port, backend] : before) out.insert(backend);
    return out;
  }();
  ASSERT_EQ(backends.size(), 3u)
      << "the one that leaves has flows yet, and so has the one that came";
  const uint64_t generation = live().generation;
  const fs::path where = tables();
  change_in_state(our_layout().tables);
  start();
  EXPECT_TRUE(fs::exists(where)) << "what runs is left alone until another one does";
  apply();
  EXPECT_NE(tables(), where);
  EXPECT_GT(live().generation, generation);
  expect_tidy();
  EXPECT_EQ(differences(before, flows()), 0u);

  // And on, through a restart and another change.
  start();
  example_.add("203.0.113.14");
  example_.hops[ip("203.0.113.14")].ifindex = kLoopback;
  apply();
  EXPECT_EQ(differences(before, flows()), 0u);
}

TEST_F(MigrationTest, ToTablesOfAnotherSizeKeepsThemToo) {
  const std::map<uint16_t, IpAddress> before = begin_flows();
  change_in_state(our_layout().tables);
  start();
  example_.config.flows = 8192;
  apply();
  EXPECT_EQ(controller_->flow_capacity().fresh, 4096u);
  EXPECT_EQ(differences(before, flows()), 0u);
}

TEST_F(MigrationTest, ThatFailsLeavesWhatRuns) {
  const std::map<uint16_t, IpAddress> before = begin_flows();
  const fs::path where = tables();
  const uint32_t program = attached_program();
  change_in_state(our_layout().tables);
  start();
  example_.config.interfaces.push_back({.name = "nowhere", .mode = AttachMode::kGeneric});
  EXPECT_FALSE(try_to_apply());
  EXPECT_EQ(attached_program(), program);
  EXPECT_TRUE(fs::exists(where));
  // The next one finds it all as it was.
  example_.config.interfaces.pop_back();
  start();
  apply();
  EXPECT_EQ(differences(before, flows()), 0u);
  expect_tidy();
}

// What has no flows in common begins without any: those of the backend that has left are lost.
TEST_F(MigrationTest, FlowTablesOfAnotherLayoutAreNotRead) {
  const std::map<uint16_t, IpAddress> before = begin_flows();
  change_in_state(our_layout().tables);
  change_in_state(our_layout().flows);
  start();
  EXPECT_EQ(live().generation, 0u);
  apply();
  expect_tidy();
  EXPECT_GT(differences(before, flows()), 0u);
}

}  // namespace
}  // namespace sluice::test
