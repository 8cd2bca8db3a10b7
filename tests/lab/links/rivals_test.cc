// SPDX-License-Identifier: Apache-2.0
// Daemons beside each other, daemons that were stopped for a while, and pins that are not ours.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "lab/links/link_test.h"

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Rivals : public LinkTest {
 protected:
  // What a second sluiced on the balancer says before it gives up, as it must.
  std::string refusal(const std::string& instance, const std::string& bpffs,
                      const std::string& mode = "native") {
    const std::string own = lab_->directory() + "/second";
    std::ofstream(own + ".yaml") << config_text(*topology_, {.weights = kAll, .mode = mode});
    const Result<Exit> exit =
        run_program(topology_->balancer(), {Programs::beside_this_program()->sluiced, "--config",
                                            own + ".yaml", "--instance", instance, "--bpffs", bpffs,
                                            "--socket", own + ".sock", "--state-dir", own});
    EXPECT_TRUE(exit) << exit.error().message;
    if (!exit) return "";
    EXPECT_EQ(exit->status, 1) << exit->output;
    return exit->output;
  }
  // All names on the BPF file system, and what the interface runs.
  std::vector<std::string> holdings() {
    std::vector<std::string> all;
    for (const fs::directory_entry& e : fs::recursive_directory_iterator(product_->bpffs()))
      all.push_back(e.path());
    std::sort(all.begin(), all.end());
    const Result<XdpState> xdp = xdp_state(topology_->balancer(), kDevice);
    EXPECT_TRUE(xdp) << xdp.error().message;
    if (xdp) all.push_back(fmt::format("program {}", xdp->program_id));
    return all;
  }
};

struct Second {
  std::string name, instance, mode, says;
};
void PrintTo(const Second& row, std::ostream* out) {
  *out << row.name;
}

class SecondDaemon : public Rivals, public testing::WithParamInterface<Second> {};

TEST_P(SecondDaemon, LeavesAndTouchesNothing) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll}));
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  const std::vector<std::string> before = holdings();
  EXPECT_THAT(refusal(GetParam().instance, product_->bpffs(), GetParam().mode),
              HasSubstr(GetParam().says));
  stop_traffic();
  EXPECT_EQ(holdings(), before);
}

INSTANTIATE_TEST_SUITE_P(Of, SecondDaemon,
                         testing::Values(Second{"TheSameInstance", "lab", "native",
                                                "another sluiced runs instance \"lab\""},
                                         Second{"AnotherInstance", "second", "native",
                                                "another XDP program is there"},
                                         Second{"AnotherInstanceInAnotherMode", "second", "generic",
                                                "another XDP program is there"}),
                         [](const auto& row) { return row.param.name; });

// What happened meanwhile is waiting for it.
TEST_F(Rivals, AStoppedDaemonServesOnAndCatchesUp) {
  ASSERT_NO_FATAL_FAILURE(deploy({.weights = kAll}));
  ASSERT_NO_FATAL_FAILURE(start_traffic());
  LAB_ASSERT_OK(product_->daemon().signal(SIGSTOP));
  LAB_ASSERT_OK(pause_for(milliseconds(2000)));
  stop_traffic();

  const Weights fewer = {{"be1", 100}};
  LAB_ASSERT_OK(product_->write_config(config_text(*topology_, {.weights = fewer})));
  const std::string mac = "02:00:00:00:77:02";
  sh(topology_->router(), "ip link set balancer address " + mac);
  on_balancer("ip neigh replace 203.0.113.1 dev eth0 lladdr " + mac + " nud reachable");
  LAB_ASSERT_OK(product_->daemon().signal(SIGCONT));
  const Clock::time_point woken = Clock::now();
  expect_served(woken);
  expect_shares(ask(60), fewer);
}

// Something in the way of the pins.
struct Obstacle {
  std::string name;
  std::function<std::string(const std::string& bpffs)> make;  // the --bpffs for the daemon
  std::string says;
};
void PrintTo(const Obstacle& row, std::ostream* out) {
  *out << row.name;
}

std::string no_bpffs(const std::string& bpffs) {
  const std::string plain = fs::path(bpffs).parent_path() / "plain";
  fs::create_directory(plain);
  return plain;
}

std::string read_only(const std::string& bpffs) {
  EXPECT_EQ(::mount(nullptr, bpffs.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0)
      << strerror(errno);
  return bpffs;
}

std::string of_another_user(const std::string& bpffs) {
  fs::create_directories(bpffs + "/sluice/second");
  EXPECT_EQ(::chown((bpffs + "/sluice/second").c_str(), 65534, 65534), 0);
  return bpffs;
}

std::string of_everybody(const std::string& bpffs) {
  fs::create_directories(bpffs + "/sluice/second");
  EXPECT_EQ(::chmod((bpffs + "/sluice").c_str(), 0777), 0);
  return bpffs;
}

class Pinning : public Rivals, public testing::WithParamInterface<Obstacle> {};

TEST_P(Pinning, WhereItCannotBeIsRefusedAndNothingIsTouched) {
  const std::string bpffs = GetParam().make(lab_->bpffs());
  const std::vector<std::string> before = holdings();
  EXPECT_THAT(refusal("second", bpffs), HasSubstr(GetParam().says));
  EXPECT_EQ(holdings(), before);
}

INSTANTIATE_TEST_SUITE_P(
    Of, Pinning,
    testing::Values(Obstacle{"NoBpffs", no_bpffs, "is not a BPF file system"},
                    Obstacle{"AReadOnlyBpffs", read_only, "Read-only file system"},
                    Obstacle{"AnotherUser", of_another_user, "second belongs to user 65534"},
                    Obstacle{"Everybody", of_everybody,
                             "sluice belongs to user 0 and has mode 777"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace sluice::netns
