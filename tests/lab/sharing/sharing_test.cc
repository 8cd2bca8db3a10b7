// SPDX-License-Identifier: Apache-2.0
// An interface shared with the XDP programs of others, through libxdp's dispatcher: where the
// kernel lets it work, and where not.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/utsname.h>

#include <filesystem>

#include "api/client.h"
#include "lab/packets.h"
#include "lab/product_test.h"
#include "lab/sharing/neighbour.h"
#include "netns/xdp.h"

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const Weights kAll = {{"be1", 100}, {"be2", 100}, {"be3", 100}};
const Weights kFewer = {{"be1", 100}, {"be2", 100}};
constexpr unsigned kBefore = 10, kDefault = 50, kBehind = 60;  // priorities
constexpr char kOurs[] = "sluice_ingress";

bool on_linux(const std::string& version) {
  utsname names = {};
  uname(&names);
  return std::string(names.release).starts_with(version);
}

class Sharing : public ProductTest {
 protected:
  // `share` as in the file.
  static ConfigOptions shared(const std::string& share = "true", const Weights& weights = kAll) {
    return {.weights = weights, .mode = "native, share: " + share};
  }
  // Skips where nobody can share an interface on this kernel. Debian's 6.1 lets them, and must.
  void want_a_kernel_that_shares() {
    const Result<void> shares = try_sharing(topology_->balancer());
    if (!shares && !on_linux("6.1.")) GTEST_SKIP() << shares.error().message;
    LAB_ASSERT_OK(shares);
  }
  void deploy_shared(const ConfigOptions& options = shared()) {
    ASSERT_NO_FATAL_FAILURE(want_a_kernel_that_shares());
    if (IsSkipped()) return;
    ASSERT_NO_FATAL_FAILURE(deploy(options));
    ASSERT_EQ(by(), "dispatcher") << detail();
  }
  nlohmann::json interface() { return status().at("interfaces").at(0); }
  std::string by() { return interface().value("by", ""); }
  std::string detail() { return interface().value("detail", ""); }

  std::vector<Listed> listed() {
    const Result<std::vector<Listed>> programs = list_dispatched(topology_->balancer(), kDevice);
    EXPECT_TRUE(programs) << programs.error().message;
    return programs.value_or(std::vector<Listed>());
  }
  std::vector<std::string> names() {
    std::vector<std::string> out;
    for (const Listed& program : listed()) out.push_back(program.name);
    return out;
  }
  // The only one, which is ours.
  Listed ours() {
    const std::vector<Listed> all = listed();
    EXPECT_EQ(all.size(), 1u);
    return all.size() == 1 ? all[0] : Listed{};
  }
  uint64_t seen_by(const Neighbour& neighbour) {
    const Result<uint64_t> seen = neighbour.seen();
    EXPECT_TRUE(seen) << seen.error().message;
    return seen.value_or(0);
  }
  // Packets that are not for a VIP, and arrive.
  void send_to_the_balancer(int count) {
    const Result<UniqueFd> socket = udp_listener(topology_->balancer(), kBalancer4, 9999);
    LAB_ASSERT_OK(socket);
    for (int i = 0; i < count; i++) {
      LAB_ASSERT_OK(send_raw(topology_->client(), kBalancer4,
                             udp_packet(kClient4, kBalancer4, 9999, "hello")));
      EXPECT_EQ(receive(*socket, milliseconds(2000)), "hello");
    }
  }
  void reload(const ConfigOptions& options) {
    LAB_ASSERT_OK(product_->write_config(config_text(*topology_, options)));
    LAB_ASSERT_OK(api::post(product_->socket_path(), "/v1/reload"));
  }
  // What libxdp keeps of dispatchers that once were.
  size_t directories() const {
    const fs::path kept = product_->bpffs() + "/xdp";
    return fs::exists(kept) ? size_t(std::distance(fs::directory_iterator(kept), {})) : 0;
  }
};

// One or the other: a dispatcher, or a link and the reason.
TEST_F(Sharing, StatusSaysWhichWayAndWhy) {
  const Result<void> shares = try_sharing(topology_->balancer());
  ASSERT_NO_FATAL_FAILURE(deploy(shared()));
  EXPECT_EQ(attached_mode(), "native");
  expect_shares(ask(100), kAll);
  EXPECT_TRUE(shares || !on_linux("6.1.")) << shares.error().message;
  if (shares) {
    EXPECT_EQ(by(), "dispatcher");
    EXPECT_EQ(detail(), "");
    EXPECT_EQ(names(), std::vector<std::string>{kOurs});
    return;
  }
  EXPECT_EQ(by(), "link");
  EXPECT_THAT(detail(), HasSubstr("not shared: load an extension program: "));
  EXPECT_THAT(product_->daemon().output(), HasSubstr("attached alone"));
  EXPECT_EQ(names(), std::vector<std::string>{});
}

// The reason is still known, and the link has not been given up meanwhile.
TEST_F(Sharing, WhereItCannotBeARestartSaysSoAgainAndLosesNothing) {
  // Where the kernel lets it be, the environment does not.
  if (try_sharing(topology_->balancer())) ::setenv("LIBXDP_SKIP_DISPATCHER", "1", 1);
  ASSERT_NO_FATAL_FAILURE(deploy(shared()));
  const std::string why = detail();
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  LAB_ASSERT_OK(product_->daemon().stop());
  LAB_ASSERT_OK(product_->start_daemon());
  EXPECT_EQ(objection(tally(stop_traffic()), kAll), "");
  EXPECT_EQ(detail(), why);
  EXPECT_EQ(by(), "link");
  EXPECT_THAT(product_->daemon().output(), testing::Not(HasSubstr("detaching")));
  ::unsetenv("LIBXDP_SKIP_DISPATCHER");
}

TEST_F(Sharing, AProgramWithoutADispatcherIsLeftAlone) {
  const Result<UniqueFd> link = attach_xdp_pass(topology_->balancer(), kDevice);
  LAB_ASSERT_OK(link);
  const Result<XdpState> before = xdp_state(topology_->balancer(), kDevice);
  LAB_ASSERT_OK(before);
  LAB_ASSERT_OK(product_->write_config(config_text(*topology_, shared())));
  const Result<void> started = product_->start_daemon();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("another XDP program is there"));
  const Result<XdpState> after = xdp_state(topology_->balancer(), kDevice);
  LAB_ASSERT_OK(after);
  EXPECT_EQ(after->program_id, before->program_id);
}

TEST_F(Sharing, NeighboursBeforeAndBehindSeeTheirPackets) {
  ASSERT_NO_FATAL_FAILURE(want_a_kernel_that_shares());
  if (IsSkipped()) return;
  const Result<Neighbour> before = Neighbour::load(topology_->balancer(), kDevice, kBefore);
  LAB_ASSERT_OK(before);
  ASSERT_NO_FATAL_FAILURE(deploy_shared());
  if (IsSkipped()) return;
  const Result<Neighbour> behind = Neighbour::load(topology_->balancer(), kDevice, kBehind);
  LAB_ASSERT_OK(behind);
  EXPECT_EQ(names(), (std::vector<std::string>{"neighbour", kOurs, "neighbour"}));
  EXPECT_EQ(by(), "dispatcher");

  const uint64_t all = seen_by(*before), rest = seen_by(*behind);
  expect_shares(ask(100), kAll);
  // A request is at least SYN, ACK, the request and FIN. All of them are forwarded, so that what
  // comes behind sluice is no more than the neighbours' ARP and ND.
  EXPECT_GE(seen_by(*before), all + 400);
  EXPECT_LT(seen_by(*behind), rest + 100);
  ASSERT_NO_FATAL_FAILURE(send_to_the_balancer(3));
  EXPECT_GE(seen_by(*behind), rest + 3);
}

class SharingUnload : public Sharing, public testing::WithParamInterface<bool> {};

// By the daemon, or by sluicectl where there is none.
TEST_P(SharingUnload, LeavesTheNeighboursThere) {
  ASSERT_NO_FATAL_FAILURE(deploy_shared());
  if (IsSkipped()) return;
  const Result<Neighbour> neighbour = Neighbour::load(topology_->balancer(), kDevice, kBefore);
  LAB_ASSERT_OK(neighbour);
  if (!GetParam()) LAB_ASSERT_OK(product_->daemon().kill());
  const Result<Exit> exit = product_->unload();
  LAB_ASSERT_OK(exit);
  EXPECT_EQ(exit->status, 0) << exit->output;
  EXPECT_EQ(names(), std::vector<std::string>{"neighbour"});
  EXPECT_FALSE(fs::exists(product_->bpffs() + "/sluice/" + kInstance));
  const uint64_t seen = seen_by(*neighbour);
  ASSERT_NO_FATAL_FAILURE(send_to_the_balancer(2));
  EXPECT_GE(seen_by(*neighbour), seen + 2);
  LAB_ASSERT_OK(neighbour->unload());
  EXPECT_EQ(mode(), XdpMode::kNone);
  EXPECT_EQ(directories(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Daemon, SharingUnload, testing::Bool(),
                         [](const auto& runs) { return runs.param ? "Runs" : "IsDead"; });

TEST_F(Sharing, NeighboursComeAndGoUnderTraffic) {
  ASSERT_NO_FATAL_FAILURE(deploy_shared());
  if (IsSkipped()) return;
  const uint32_t id = ours().id;
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  for (const unsigned priority : {kBefore, kBehind}) {
    const Result<Neighbour> neighbour = Neighbour::load(topology_->balancer(), kDevice, priority);
    LAB_ASSERT_OK(neighbour);
    EXPECT_EQ(by(), "dispatcher");
    LAB_ASSERT_OK(neighbour->unload());
  }
  EXPECT_EQ(objection(tally(stop_traffic()), kAll), "");
  EXPECT_EQ(ours().id, id);
}

class SharingRestart : public Sharing, public testing::WithParamInterface<int> {};

TEST_P(SharingRestart, GoesOnWithWhatRuns) {
  ASSERT_NO_FATAL_FAILURE(deploy_shared());
  if (IsSkipped()) return;
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  LAB_ASSERT_OK(GetParam() == SIGKILL ? product_->daemon().kill() : product_->daemon().stop());
  EXPECT_EQ(names(), std::vector<std::string>{kOurs});
  LAB_ASSERT_OK(product_->start_daemon());
  EXPECT_EQ(by(), "dispatcher");
  EXPECT_EQ(objection(tally(stop_traffic()), kAll), "");
  EXPECT_EQ(names(), std::vector<std::string>{kOurs});
  EXPECT_EQ(directories(), 1u);
  ASSERT_NO_FATAL_FAILURE(reload(shared("true", kFewer)));
  expect_shares(ask(100), kFewer);
}

INSTANTIATE_TEST_SUITE_P(By, SharingRestart, testing::Values(SIGTERM, SIGKILL),
                         [](const auto& signal) {
                           return std::string(sigabbrev_np(signal.param));
                         });

// As after a kill between the attachment and its pin.
TEST_F(Sharing, WhatAKilledDaemonCouldNotPinIsFound) {
  ASSERT_NO_FATAL_FAILURE(deploy_shared());
  if (IsSkipped()) return;
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  LAB_ASSERT_OK(product_->daemon().kill());
  ASSERT_TRUE(fs::remove(product_->bpffs() + "/sluice/" + kInstance + "/link-" + kDevice));
  LAB_ASSERT_OK(product_->start_daemon());
  EXPECT_EQ(by(), "dispatcher");
  EXPECT_EQ(objection(tally(stop_traffic()), kAll), "");
  EXPECT_EQ(names(), std::vector<std::string>{kOurs});
}

TEST_F(Sharing, AnotherPriorityIsPutInPlaceUnderTraffic) {
  ASSERT_NO_FATAL_FAILURE(deploy_shared());
  if (IsSkipped()) return;
  EXPECT_EQ(ours().priority, kDefault);
  EXPECT_EQ(ours().continue_after, "XDP_PASS");
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  ASSERT_NO_FATAL_FAILURE(reload(shared("{priority: 20, continue: [pass, drop]}")));
  EXPECT_EQ(objection(tally(stop_traffic()), kAll), "");
  EXPECT_EQ(ours().priority, 20u);
  EXPECT_EQ(ours().continue_after, "XDP_DROP,XDP_PASS");
}

TEST_F(Sharing, IsTurnedOnAndOff) {
  ASSERT_NO_FATAL_FAILURE(deploy_shared());
  if (IsSkipped()) return;
  ASSERT_NO_FATAL_FAILURE(reload({.weights = kAll}));
  EXPECT_EQ(by(), "link");
  EXPECT_EQ(detail(), "");
  expect_shares(ask(50), kAll);
  ASSERT_NO_FATAL_FAILURE(reload(shared()));
  EXPECT_EQ(by(), "dispatcher");
  expect_shares(ask(50), kAll);
}

// Of what ran on the old one nothing stays, not even with libxdp.
TEST_F(Sharing, AnInterfaceThatComesBackIsSharedAgain) {
  ASSERT_NO_FATAL_FAILURE(deploy_shared());
  if (IsSkipped()) return;
  Netlink& balancer = topology_->balancer().netlink();
  LAB_ASSERT_OK(balancer.delete_link(kDevice));
  LAB_ASSERT_OK(wait_until([&] { return by().empty(); }, milliseconds(5000),
                           "sluiced to miss the interface"));
  LAB_ASSERT_OK(balancer.add_veth({.device = kDevice, .mac = Link::mac(90, 1)},
                                  {.device = "balancer", .mac = Link::mac(90, 2)},
                                  topology_->router().fd(), 1600));
  LAB_ASSERT_OK(balancer.set_up(kDevice));
  LAB_ASSERT_OK(wait_until([&] { return by() == "dispatcher"; }, milliseconds(20000),
                           "sluiced to attach again"));
  EXPECT_EQ(names(), std::vector<std::string>{kOurs});
  EXPECT_EQ(directories(), 1u);
}

// Two would forward what the first has encapsulated once more, or neither would know of the other.
TEST_F(Sharing, ASecondSluiceIsRefused) {
  ASSERT_NO_FATAL_FAILURE(deploy_shared());
  if (IsSkipped()) return;
  const Result<Programs> programs = Programs::beside_this_program();
  LAB_ASSERT_OK(programs);
  const std::string here = topology_->balancer().lab().directory();
  const Result<Exit> second = run_program(
      topology_->balancer(),
      {programs->sluiced, "--config", product_->config_path(), "--instance", "second", "--bpffs",
       product_->bpffs(), "--socket", here + "/second.sock", "--state-dir", here + "/second"},
      milliseconds(30000));
  LAB_ASSERT_OK(second);
  EXPECT_EQ(second->status, 1);
  EXPECT_THAT(second->output, HasSubstr("another sluice runs there"));
  EXPECT_EQ(names(), std::vector<std::string>{kOurs});
  expect_shares(ask(50), kAll);
}

}  // namespace
}  // namespace sluice::netns
