// SPDX-License-Identifier: Apache-2.0
// Flow tables and slots, as status and `service show` have them.
#include "daemon/report_flows.h"

#include <gmock/gmock.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Time kNow{std::chrono::seconds(1000)};

// Two backends, and slots in these states.
Slots slots_of(const std::vector<sluice_slot_state>& states, std::vector<Time> ends = {}) {
  Ring ring;
  Slots s = {.backends = {*IpAddress::parse("203.0.113.11"), *IpAddress::parse("203.0.113.12")}};
  for (const sluice_slot_state state : states) {
    if (state == SLUICE_SLOT_WINDOW) s.window.set(ring.size(), states.size(), 0);
    if (state == SLUICE_SLOT_TAIL) s.quiet.set(ring.size(), states.size(), 0);
    ring.push_back(sluice_slot(state, 1, 0));
  }
  s.ring = std::make_shared<const Ring>(std::move(ring));
  s.ends = std::move(ends);
  return s;
}

ImageService service(std::vector<PortRange> ports) {
  ImageService s = {.name = "shop"};
  for (const PortRange& p : ports) s.frontends.push_back({*IpPrefix::parse("192.0.2.10"), p});
  s.tcp = slots_of({SLUICE_SLOT_CLEAN, SLUICE_SLOT_WINDOW, SLUICE_SLOT_WINDOW, SLUICE_SLOT_TAIL},
                   {kNow + std::chrono::seconds(90), kNow + std::chrono::milliseconds(4500)});
  s.udp = slots_of({SLUICE_SLOT_CLEAN, SLUICE_SLOT_CLEAN, SLUICE_SLOT_CLEAN, SLUICE_SLOT_CLEAN});
  return s;
}

TEST(ReportFlows, RingsHaveTheirSlotsAndTheNextEnd) {
  const ImageService s =
      service({PortRange::one(443, IPPROTO_TCP), PortRange::one(443, IPPROTO_UDP)});
  EXPECT_THAT(report_rings(s, kNow),
              ElementsAre(api::RingSlots{.ring = "tcp",
                                         .slots = {.clean = 1, .window = 2, .tail = 1},
                                         .window_ends_in = 4.5},
                          api::RingSlots{.ring = "udp", .slots = {.clean = 4}}));
}

TEST(ReportFlows, AWindowThatIsOverEndsNow) {
  EXPECT_EQ(
      report_rings(service({PortRange::one(443, IPPROTO_TCP)}), kNow + std::chrono::seconds(100))[0]
          .window_ends_in,
      0);
}

TEST(ReportFlows, RingsThatNoPortUsesAreLeftOut) {
  const auto names = [](const ImageService& s) {
    std::string out;
    for (const api::RingSlots& r : report_rings(s, kNow)) out += r.ring + " ";
    return out;
  };
  EXPECT_EQ(names(service({PortRange::one(80, IPPROTO_TCP)})), "tcp ");
  EXPECT_EQ(names(service({PortRange::one(53, IPPROTO_UDP)})), "udp ");
  EXPECT_EQ(names(service({PortRange::any(0)})), "tcp ");
  ImageService empty = service({PortRange::one(80, IPPROTO_TCP)});
  empty.tcp.ring = nullptr;
  EXPECT_THAT(report_rings(empty, kNow), IsEmpty());
}

TEST(ReportFlows, SlotsOfAllServicesAreSummed) {
  Image image;
  image.services = {service({PortRange::one(80, IPPROTO_TCP), PortRange::one(53, IPPROTO_UDP)}),
                    service({PortRange::one(53, IPPROTO_UDP)})};
  EXPECT_EQ(report_slots(image), (api::SlotStates{.clean = 9, .window = 2, .tail = 1}));
}

TEST(ReportFlows, TablesAndEventsHaveTheirNames) {
  const Sweep last = {.began = kNow, .entries = {1, 2, 3}, .removed = {4, 5, 6}};
  FlowEvents events = {};
  events[SLUICE_FLOW_LOST] = 11;
  const api::Flows flows = report_flows({.capacity = {100, 200, 300},
                                         .last = last,
                                         .evicted = {0, 7, 8},
                                         .events = events,
                                         .half_open = 9});
  using api::FlowTable;
  EXPECT_THAT(flows.tables,
              ElementsAre(FlowTable{"new", 100, 1, 4, 0}, FlowTable{"adopted", 200, 2, 5, 7},
                          FlowTable{"doorkeeper", 300, 3, 6, 8}));
  EXPECT_EQ(flows.half_open, 9u);
  EXPECT_EQ(flows.half_open_most, 50u);
  ASSERT_EQ(flows.events.size(), size_t(SLUICE_FLOW_EVENT_COUNT));
  for (const api::FlowEvent& e : flows.events) EXPECT_EQ(e.count, e.event == "LOST" ? 11u : 0u);
}

// The data plane and its keeper may be one off for a moment.
TEST(ReportFlows, HalfOpenFlowsAreNeverNegative) {
  const Sweep last;
  EXPECT_EQ(
      report_flows({.capacity = {}, .last = last, .evicted = {}, .events = {}, .half_open = -1})
          .half_open,
      0u);
}

}  // namespace
}  // namespace sluice
