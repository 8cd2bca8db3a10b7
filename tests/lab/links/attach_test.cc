// SPDX-License-Identifier: Apache-2.0
// Interfaces that take no program, or send on no packets: what is said of them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/utsname.h>

#include <filesystem>
#include <functional>

#include "lab/links/two_links.h"
#include "netns/offload.h"

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Makes the interface `odd0` on the balancer.
struct Odd {
  std::string name, mode;
  std::string make;  // commands on the balancer
  bool has_program = false;
  std::vector<std::string> says;
};
void PrintTo(const Odd& row, std::ostream* out) {
  *out << row.name;
}

constexpr char kVeth[] = "ip link add odd0 type veth peer name odd1\n";

class Attach : public LinkTest, public testing::WithParamInterface<Odd> {
 protected:
  std::string with_odd(const std::string& mode) {
    std::string text = config_text(*topology_, {.weights = kAll});
    const std::string first = fmt::format("  {}: {{mode: native}}\n", kDevice);
    text.insert(text.find(first) + first.size(), "  odd0: {mode: " + mode + "}\n");
    return text;
  }
};

// All interfaces or none; and the message names the one, with the driver's own reason.
TEST_P(Attach, FailureExplainsItselfAndTheOtherInterfaceIsFree) {
  on_balancer(GetParam().make);
  UniqueFd other;
  if (GetParam().has_program)
    LAB_ASSERT_OK_AND(other, attach_xdp_pass(topology_->balancer(), "odd0"));
  LAB_ASSERT_OK(product_->write_config(with_odd(GetParam().mode)));
  const Result<void> started = product_->start_daemon();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("attach to odd0"));
  for (const std::string& words : GetParam().says)
    EXPECT_THAT(started.error().message, HasSubstr(words));
  EXPECT_EQ(mode(), XdpMode::kNone);
  EXPECT_FALSE(fs::exists(product_->bpffs() + "/sluice"));
  const Result<XdpState> state = xdp_state(topology_->balancer(), "odd0");
  LAB_ASSERT_OK(state);
  EXPECT_EQ(state->mode, other.valid() ? XdpMode::kNative : XdpMode::kNone);
}

INSTANTIATE_TEST_SUITE_P(
    Of, Attach,
    testing::Values(
        Odd{.name = "ADriverWithoutXdp",
            .mode = "native",
            .make = "ip link add odd0 type bridge",
            .says = {"Underlying driver does not support XDP in native mode", "generic and tc"}},
        Odd{.name = "AnMtuAboveItsLimit",
            .mode = "native",
            .make = std::string(kVeth) + "ip link set odd0 mtu 9000\nip link set odd1 mtu 9000",
            .says = {"Numerical result out of range", "MTU is too large to set XDP"}},
        Odd{.name = "AnotherProgram",
            .mode = "native",
            .make = kVeth,
            .has_program = true,
            .says = {"another XDP program is there"}},
        Odd{.name = "AnotherProgramInAnotherMode",
            .mode = "generic",
            .make = kVeth,
            .has_program = true,
            .says = {"another XDP program is there",
                     "Native and generic XDP can't be active at the same time"}}),
    [](const auto& row) { return row.param.name; });

// An interface that cannot be attached when it is back keeps no other change from being made, and
// is attached as soon as it can be.
TEST_F(Attach, RefusedToAnInterfaceThatIsBackIsSaidAndTriedAgain) {
  on_balancer(kVeth);
  LAB_ASSERT_OK(product_->write_config(with_odd("native")));
  LAB_ASSERT_OK(product_->start_agents());
  LAB_ASSERT_OK(product_->start_daemon());
  on_balancer("ip link del odd0");
  LAB_ASSERT_OK(wait_until([&] { return !interface_now("odd0").value("attached", true); }, kSoon,
                           "the interface to be away"));
  // In one step: a program that is there already would refuse the MTU.
  on_balancer("ip link add odd0 mtu 9000 type veth peer name odd1 mtu 9000");
  LAB_ASSERT_OK(wait_until(
      [&] {
        return interface_now("odd0").value("detail", "").find("too large") != std::string::npos;
      },
      kSoon, "the reason to show in status"));
  const std::string mac = "02:00:00:00:77:03";
  sh(topology_->router(), "ip link set balancer address " + mac);
  on_balancer("ip neigh replace 203.0.113.1 dev eth0 lladdr " + mac + " nud reachable");
  expect_served(Clock::now());
  EXPECT_TRUE(interface_now().value("attached", false));
  EXPECT_FALSE(interface_now("odd0").value("attached", true));
  on_balancer("ip link set odd0 mtu 1500\nip link set odd1 mtu 1500");
  LAB_ASSERT_OK(wait_until([&] { return interface_now("odd0").value("attached", false); }, kSoon,
                           "the interface to be attached"));
}

// A redirect that nobody takes is lost without a count.
class LostRedirects : public TwoLinks {
 protected:
  static bool kernel_tells() {
    utsname kernel = {};
    int major = 0, minor = 0;
    EXPECT_EQ(uname(&kernel), 0);
    EXPECT_EQ(sscanf(kernel.release, "%d.%d", &major, &minor), 2);
    return major > 6 || (major == 6 && minor >= 3);
  }
};

TEST_F(LostRedirects, AreSaidUntilTheWayOutTakesThem) {
  if (!kernel_tells()) GTEST_SKIP() << "Linux before 6.3 does not tell what a device takes";
  // Another link to the router, whose other end has neither a program nor GRO.
  topology_->unplug(kInsideDevice);
  Result<std::unique_ptr<Link>> bare =
      Link::connect({.host = &topology_->balancer(),
                     .device = kInsideDevice,
                     .addresses = {std::string(kInside4) + "/30", std::string(kInside6) + "/64"}},
                    {.host = &topology_->router(),
                     .device = "inside",
                     .addresses = {"203.0.113.249/30", "2001:db8:b:1::1/64"}},
                    {.number = 99, .mtu = 1600});
  LAB_ASSERT_OK(bare);
  LAB_ASSERT_OK(set_offload(topology_->router(), "inside", Offload::kGro, false));
  on_balancer("ip route replace 203.0.113.0/24 via 203.0.113.249");
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll}));
  const std::string detail = interface_now().value("detail", "");
  EXPECT_THAT(detail, HasSubstr("what leaves by eth1 is lost"));
  EXPECT_THAT(product_->daemon().output(), HasSubstr("what leaves by eth1 is lost"));
  // It is true.
  const std::vector<Request> one = {{.url = url(kVip4), .patience = milliseconds(300)}};
  Result<std::vector<Answer>> answers = fetch(topology_->client(), one);
  LAB_ASSERT_OK(answers);
  EXPECT_NE(answers->at(0).error, "");

  Result<UniqueFd> pass = attach_xdp_pass(topology_->router(), "inside");
  LAB_ASSERT_OK(pass);
  EXPECT_EQ(interface_now().value("detail", "?"), "");
  ask(10);
}

}  // namespace
}  // namespace sluice::netns
