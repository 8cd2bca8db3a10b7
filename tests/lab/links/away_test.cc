// SPDX-License-Identifier: Apache-2.0
// Interfaces that go, come back as others, get other names, or go down and up.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "lab/deployment.h"
#include "lab/links/link_test.h"

namespace sluice::netns {
namespace {

using testing::HasSubstr;

struct Absence {
  std::string name, mode;
  Shape shape = Shape::kRouted;
  std::string device = kDevice;
  milliseconds lasts{200};
};

std::vector<Absence> absences() {
  std::vector<Absence> rows;
  for (const std::string& mode : kModes) {
    rows.push_back({.name = mode, .mode = mode});
    rows.push_back({.name = mode + "_way_out",
                    .mode = mode,
                    .shape = Shape::kTwoLinks,
                    .device = kInsideDevice});
  }
  rows.push_back({.name = "native_long", .mode = "native", .lasts = milliseconds(3000)});
  return rows;
}

void PrintTo(const Absence& row, std::ostream* out) {
  *out << row.name;
}

class Recreated : public LinkTest, public testing::WithParamInterface<Absence> {
 protected:
  TopologyOptions topology_options() const override {
    return {.backends = unsigned(kAll.size()), .shape = GetParam().shape};
  }
};

// An attached link survives its interface, on index 0; whoever does not look finds it in order.
TEST_P(Recreated, IsServedWithinASecond) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll, .mode = GetParam().mode}));
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  const bool attached_there = GetParam().device == kDevice;
  const uint32_t before = ifindex(kDevice);
  topology_->unplug(GetParam().device);
  LAB_ASSERT_OK(pause_for(GetParam().lasts));
  const nlohmann::json away = interface_now();
  EXPECT_EQ(away.value("attached", false), !attached_there) << away;
  if (attached_there) {
    EXPECT_EQ(away.value("detail", ""), "the interface is away");
  }
  LAB_ASSERT_OK(topology_->plug(GetParam().device));
  const Clock::time_point back = Clock::now();
  const uint32_t now = ifindex(kDevice);
  EXPECT_EQ(now == before, !attached_there);
  ASSERT_NO_FATAL_FAILURE(expect_attached(now, back));
  EXPECT_EQ(attached_mode(), GetParam().mode);
  expect_served(back);
  const std::vector<Answer> answers = traffic_->stop();
  const Tally later =
      tally(select(answers, [&](const Answer& a) { return a.sent > back + kSoon; }));
  EXPECT_EQ(later.failures(), 0u) << "of " << later.asked;
  EXPECT_EQ(status().value("last_error", "?"), "");
}

INSTANTIATE_TEST_SUITE_P(Interface, Recreated, testing::ValuesIn(absences()),
                         [](const auto& row) { return row.param.name; });

class Away : public LinkTest, public testing::WithParamInterface<std::string> {
 protected:
  void rename(const std::string& from, const std::string& to) {
    on_balancer("ip link set " + from + " name " + to);
  }
  // Linux before 6.2 renames only what is down, and routes go with that.
  bool renames_what_is_up() {
    const Result<Exit> done =
        run_program(topology_->balancer(), {"/bin/sh", "-c", "ip link set eth0 name x0"});
    if (!done || done->status != 0) return false;
    rename("x0", kDevice);
    return true;
  }
  void SetUp() override {
    LinkTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll, .mode = GetParam()}));
  }
  // What goes with an interface that leaves its namespace or goes down.
  void address_again() {
    on_balancer(
        "ip link set eth0 up\n"
        "ip addr replace 203.0.113.2/30 dev eth0\n"
        "ip addr replace 2001:db8:b::2/64 dev eth0 nodad\n"
        "ip route replace default via 203.0.113.1\n"
        "ip route replace default via 2001:db8:b::1\n");
  }
};

TEST_P(Away, UnderAnotherNameItServesOn) {
  if (!renames_what_is_up()) GTEST_SKIP() << "this kernel renames no interface that is up";
  const uint32_t index = ifindex(kDevice);
  const uint64_t generation_before = generation();
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  rename(kDevice, "uplink");
  LAB_ASSERT_OK(pause_for(milliseconds(500)));
  nlohmann::json now = interface_now();
  EXPECT_TRUE(now.value("attached", false)) << now;
  EXPECT_EQ(now.value("ifindex", 0u), index);
  EXPECT_THAT(now.value("detail", ""), HasSubstr("uplink"));
  // Its MAC address is still one of ours, or tables without it would be in force.
  EXPECT_EQ(generation(), generation_before);

  // As udev does it, after the daemon was started anew.
  LAB_ASSERT_OK(product_->daemon().kill());
  LAB_ASSERT_OK(product_->start_daemon());
  EXPECT_EQ(interface_now().value("ifindex", 0u), index);
  EXPECT_EQ(generation(), generation_before);
  rename("uplink", kDevice);
  LAB_ASSERT_OK(pause_for(milliseconds(300)));
  now = interface_now();
  EXPECT_EQ(now.value("ifindex", 0u), index);
  EXPECT_THAT(now.value("detail", ""), Not(HasSubstr("uplink")));
  EXPECT_EQ(generation(), generation_before);
  stop_traffic();
}

// It is asked for by the old name, and is there.
TEST_P(Away, UnderAnotherNameItsModeCanBeChanged) {
  if (!renames_what_is_up()) GTEST_SKIP() << "this kernel renames no interface that is up";
  rename(kDevice, "uplink");
  const std::string other = GetParam() == "tc" ? "native" : "tc";
  LAB_ASSERT_OK(product_->write_config(config_text(*topology_, {.weights = kAll, .mode = other})));
  LAB_ASSERT_OK(
      wait_until([&] { return attached_mode() == other; }, milliseconds(2000), "the other mode"));
  EXPECT_EQ(interface_now().value("ifindex", 0u), ifindex("uplink"));
  ask(20);
}

// The name in the configuration is that of an interface that has it, if there is one.
TEST_P(Away, ANameGoesToAnotherInterface) {
  if (!renames_what_is_up()) GTEST_SKIP() << "this kernel renames no interface that is up";
  rename(kDevice, "uplink");
  on_balancer("ip link add eth0 type veth peer name eth0-peer\nip link set eth0 up");
  ASSERT_NO_FATAL_FAILURE(expect_attached(ifindex(kDevice), Clock::now()));
  EXPECT_THAT(interface_now().value("detail", ""), Not(HasSubstr("uplink")));
  on_balancer("ip link del eth0");
  rename("uplink", kDevice);
  const Clock::time_point back = Clock::now();
  ASSERT_NO_FATAL_FAILURE(expect_attached(ifindex(kDevice), back));
  expect_served(back);
}

TEST_P(Away, InAnotherNamespaceAndBackItIsServedWithinASecond) {
  Result<std::unique_ptr<Host>> elsewhere = Host::create(*lab_, "elsewhere");
  LAB_ASSERT_OK(elsewhere);
  const auto path = [](const Host& host) {
    return fmt::format("/proc/{}/fd/{}", getpid(), host.fd());
  };
  on_balancer("ip link set eth0 netns " + path(**elsewhere));
  LAB_ASSERT_OK(wait_until([&] { return !interface_now().value("attached", true); }, kSoon,
                           "the interface to be away"));
  EXPECT_THAT(interface_now().value("detail", ""), HasSubstr("namespace"));
  sh(**elsewhere, "ip link set eth0 netns " + path(topology_->balancer()));
  address_again();
  const Clock::time_point back = Clock::now();
  ASSERT_NO_FATAL_FAILURE(expect_attached(ifindex(kDevice), back));
  expect_served(back);
}

TEST_P(Away, DownAndUpAHundredTimesItIsServedWithinASecond) {
  LAB_ASSERT_OK(topology_->balancer().sysctl("net/ipv6/conf/eth0/keep_addr_on_down", "1"));
  const uint64_t before = generation();
  on_balancer(
      "for i in $(seq 100); do echo link set eth0 down; echo link set eth0 up; done | ip -batch -");
  address_again();
  const Clock::time_point back = Clock::now();
  EXPECT_TRUE(interface_now().value("attached", false));
  expect_served(back);
  EXPECT_EQ(generation(), before) << "the last next hops stay in use";
}

INSTANTIATE_TEST_SUITE_P(Mode, Away, testing::ValuesIn(kModes),
                         [](const auto& mode) { return mode.param; });

}  // namespace
}  // namespace sluice::netns
