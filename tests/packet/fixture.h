// SPDX-License-Identifier: Apache-2.0
// A packet row: a frame through the shipped program, over tables that the control plane's own code
// built from a Config.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "kernel/counters.h"
#include "kernel/dataplane.h"
#include "model/config.h"
#include "model/next_hop.h"
#include "plan/compile.h"
#include "support/packet_builder.h"
#include "support/rig.h"

namespace sluice::test {

// A name that does not meet testing::Test::Run() inside a TEST.
using Outcome = Run;

// Interface indices of next hops: where frames come in, and another way out. The carrier puts its
// own in their place.
inline constexpr uint32_t kIngress = 1, kElsewhere = 9;
inline const std::string kOurMac = "02:00:00:00:00:0b";
inline const std::string kRouterMac = "02:00:00:00:00:01";  // client side and next hop alike
inline const std::string kClient4 = "198.51.100.7", kClient6 = "2001:db8:c::7";
inline const std::string kVip4 = "192.0.2.10", kVip6 = "2001:db8::10";
inline const std::string kSource4 = "203.0.113.2", kSource6 = "2001:db8:b::2";

// Service "web" on both VIPs, TCP 80 and UDP 443, with one backend, so that every flow's fate is
// known: 203.0.113.11, or 2001:db8:b::11 when `v6_backend`.
struct Scenario {
  Config config;
  NextHops next_hops;
  std::vector<MacAddress> macs = {};  // frames for any
};
Scenario one_backend(bool v6_backend);
void add_backend(Scenario& setup, const std::string& address, uint32_t weight,
                 uint32_t ifindex = kIngress);

struct Expect {
  uint32_t action;  // XDP_*
  std::optional<sluice_drop_reason> drop = {};
  std::optional<sluice_pass_reason> pass = {};
  std::optional<sluice_reply_reason> reply = {};
  Bytes out = {};      // for a forwarded packet; a passed one must come out as it came
  uint64_t bytes = 0;  // counted for the member
};

struct Row {
  std::string name;
  Scenario setup;
  Bytes in;
  Expect expect;
};
void PrintTo(const Row& row, std::ostream* os);

// A loaded and published data plane.
class Loaded {
 public:
  // Fails the test on an error.
  explicit Loaded(const Scenario& setup, Features features = {});
  void publish(const Scenario& setup);
  Run run(const Bytes& frame);
  Counters counters();
  const Live& live() const { return live_; }
  Dataplane& dataplane() { return *dataplane_; }
  bool ok() const { return dataplane_ != nullptr; }

 private:
  static NextHops ways(const Scenario& setup);
  RingCache rings_;
  Live live_;
  std::unique_ptr<Dataplane> dataplane_;
};

// The address of the backend an IPv4-in-IPv4 packet was sent to.
std::string outer_destination4(const Bytes& frame);

class PacketTest : public testing::TestWithParam<Row> {};

inline std::string row_name(const testing::TestParamInfo<Row>& info) {
  return info.param.name;
}

// Runs the row; compares action, whole packet and every counter.
void check_row(const Row& row);

// Client packets to the VIPs.
PacketBuilder frame4(Ipv4 ip);
PacketBuilder frame6(Ipv6 ip);
Bytes tcp4(Ipv4 ip = {.source = kClient4, .destination = kVip4});
Bytes tcp6(Ipv6 ip = {.source = kClient6, .destination = kVip6});

inline Row pass_row(std::string name, Bytes in, sluice_pass_reason why) {
  return {std::move(name),
          one_backend(false),
          std::move(in),
          {.action = 2 /* XDP_PASS */, .drop = {}, .pass = why}};
}
inline Row drop_row(std::string name, Bytes in, sluice_drop_reason why) {
  return {std::move(name),
          one_backend(false),
          std::move(in),
          {.action = 1 /* XDP_DROP */, .drop = why}};
}

}  // namespace sluice::test
