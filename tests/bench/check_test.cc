// SPDX-License-Identifier: Apache-2.0
// What comes out of a program is looked at before it is measured: a benchmark of nothing is
// refused.
#include "program/check.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <netinet/in.h>

#include "program/controls.h"
#include "support/packet_builder.h"

namespace sluice::bench {
namespace {

using test::Bytes;

const Outcome kInIpip = {
    .action = XDP_TX, .growth = 20, .outer_family = 4, .outer_protocol = IPPROTO_IPIP};

Bytes client_frame() {
  return frame_of(headers_of({.destination = "192.0.2.1"}), 0);
}

// The client's packet behind another header, which nothing of ours wrote.
Bytes in_ipip(const Bytes& in) {
  return test::PacketBuilder()
      .ethernet(kRouterMac, kBalancerMac)
      .ipv4({.source = "203.0.113.254",
             .destination = "203.0.113.1",
             .protocol = uint8_t(IPPROTO_IPIP)})
      .payload(test::from(in, 14))
      .build();
}

std::string complaint(const Outcome& expected, const Bytes& in, const Bytes& out) {
  const Result<void> r = check_frame(expected, in, out);
  return r ? "" : r.error().message;
}

TEST(Check, AcceptsWhatIsRight) {
  const Bytes in = client_frame();
  EXPECT_EQ(complaint(kInIpip, in, in_ipip(in)), "");
  EXPECT_EQ(complaint({.action = XDP_PASS}, in, in), "");
}

TEST(Check, SaysWhatIsWrong) {
  const Bytes in = client_frame(), good = in_ipip(in);
  const auto changed = [&](size_t at) {
    Bytes out = good;
    out[at] ^= 1;
    return complaint(kInIpip, in, out);
  };
  EXPECT_EQ(complaint(kInIpip, in, in), "the length is 64, not 84");
  EXPECT_EQ(changed(5), "the frame does not go from the balancer to the router");
  EXPECT_EQ(changed(11), "the frame does not go from the balancer to the router");
  EXPECT_EQ(changed(13), "the type is 2049, not 2048");
  EXPECT_EQ(changed(17), "the outer length is 71, not 70");
  EXPECT_EQ(changed(23), "the outer protocol is 5, not 4");
  EXPECT_EQ(changed(14 + 20 + 40), "the client's packet has been changed");
  EXPECT_EQ(complaint({.action = XDP_PASS}, in, test::join(test::first(in, 63), {9})),
            "a packet that is not forwarded has been changed");
}

TEST(Check, LooksBehindTheOuterHeaderForTheUdpPort) {
  const Bytes in = client_frame();
  const Bytes fou = test::PacketBuilder()
                        .ethernet(kRouterMac, kBalancerMac)
                        .ipv4({.source = "203.0.113.254", .destination = "203.0.113.1"})
                        .udp({50000, 5555})
                        .payload(test::from(in, 14))
                        .build();
  Outcome expected = {.action = XDP_TX,
                      .growth = 28,
                      .outer_family = 4,
                      .outer_protocol = IPPROTO_UDP,
                      .outer_port = 5555};
  EXPECT_EQ(complaint(expected, in, fou), "");
  expected.outer_port = 6080;
  EXPECT_EQ(complaint(expected, in, fou), "the outer UDP port is 5555, not 6080");
}

struct CheckedProgram : ::testing::Test {
  Result<Controls> controls = Controls::load();
  Meter meter = Meter::open();
  Scenario scenario = {.name = "test",
                       .packet = {.destination = "192.0.2.1"},
                       .outcome = kInIpip,
                       .orders = {kOneFlow, k1kFlows, kNewFlows}};

  void SetUp() override { ASSERT_TRUE(controls) << controls.error().message; }
  std::string complaint_of_wrapper(const Subject& subject) {
    Result<std::unique_ptr<Harness>> harness = Harness::create(headers_of(scenario.packet), meter);
    if (!harness) return harness.error().message;
    const Result<void> r = check_wrapper(scenario, **harness, subject);
    return r ? "" : r.error().message;
  }
};

TEST_F(CheckedProgram, AProgramThatDoesNotEncapsulateIsRefused) {
  EXPECT_TRUE(check_first_packet(scenario, controls->encap_only()));
  const Result<void> refused = check_first_packet(scenario, controls->null_tx());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the length is 64, not 84");
}

TEST_F(CheckedProgram, TheWrapperMakesEveryPacketAnew) {
  EXPECT_EQ(complaint_of_wrapper({.fd = controls->encap_only(), .growth = 20}), "");
}

TEST_F(CheckedProgram, APacketThatWouldGrowOrShrinkIsNoticed) {
  for (uint32_t growth : {0u, 16u, 24u})
    EXPECT_NE(complaint_of_wrapper({.fd = controls->encap_only(), .growth = growth}), "");
}

TEST_F(CheckedProgram, AnotherAnswerIsNoticed) {
  scenario.outcome.action = XDP_PASS;
  EXPECT_EQ(complaint_of_wrapper({.fd = controls->encap_only(), .growth = 20}),
            "the number of packets answered as expected is 0, not 3");
}

}  // namespace
}  // namespace sluice::bench
