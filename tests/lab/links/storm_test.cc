// SPDX-License-Identifier: Apache-2.0
// Thousands of changes of the network that do not matter, with one that does among them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "lab/links/two_links.h"

namespace sluice::netns {
namespace {

// In a file for `ip -batch`: routes come and go, and half way the MTU of the way out changes.
std::string storm(const std::string& file, unsigned changes, unsigned mtu) {
  std::ofstream lines(file);
  for (unsigned i = 0; i < changes / 2; i++) {
    if (i == changes / 4) lines << "link set eth1 mtu " << mtu << "\n";
    const std::string prefix = fmt::format("2001:db8:ff::{:x}/128", i % 64);
    lines << "route add " << prefix << " dev eth1\nroute del " << prefix << " dev eth1\n";
  }
  return "ip -batch " + file;
}

// The CPU time a process has used.
milliseconds cpu_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string stat;
  std::getline(file, stat);
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; i++) fields >> skipped;
  long user = 0, system = 0;
  fields >> user >> system;
  return milliseconds((user + system) * 1000 / sysconf(_SC_CLK_TCK));
}

class Storm : public TwoLinks {
 protected:
  static constexpr unsigned kMtu = 1400;

  void SetUp() override {
    TwoLinks::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_NO_FATAL_FAILURE(deploy_for_probes());
    ASSERT_NO_FATAL_FAILURE(expect_room(0, Clock::now()));
  }
  std::string batch(unsigned changes) { return storm(lab_->directory() + "/storm", changes, kMtu); }
};

// Nothing is done for each of them; and what is done at all leaves the CPU to others.
TEST_F(Storm, IsFollowedWithoutSpinning) {
  const uint64_t before = generation();
  const milliseconds cpu_before = cpu_of(product_->daemon().pid());
  const Clock::time_point begin = Clock::now();
  on_balancer(batch(60000));
  const Clock::time_point end = Clock::now();
  const milliseconds cpu = cpu_of(product_->daemon().pid()) - cpu_before;
  ASSERT_NO_FATAL_FAILURE(expect_room(kMtu - kOuter, end));
  EXPECT_EQ(generation(), before + 1);
  const auto lasted = std::chrono::duration_cast<milliseconds>(end - begin);
  RecordProperty("lasted_ms", int(lasted.count()));
  RecordProperty("cpu_ms", int(cpu.count()));
  printf("60,000 changes in %ld ms took %ld ms of the daemon's CPU time\n", lasted.count(),
         cpu.count());
  EXPECT_LT(cpu, lasted / 2);
}

// More than the socket holds for a daemon that does not read.
TEST_F(Storm, ThatOverrunsAStoppedDaemonEndsInTheTruth) {
  LAB_ASSERT_OK(product_->daemon().signal(SIGSTOP));
  on_balancer(batch(40000));
  LAB_ASSERT_OK(product_->daemon().signal(SIGCONT));
  const Clock::time_point end = Clock::now();
  ASSERT_NO_FATAL_FAILURE(expect_said("changes came faster than they were read"));
  ASSERT_NO_FATAL_FAILURE(expect_room(kMtu - kOuter, end));
  // And the socket tells of what comes after.
  set_mtu(1300);
  ASSERT_NO_FATAL_FAILURE(expect_room(1300 - kOuter, Clock::now()));
  ask(20);
}

}  // namespace
}  // namespace sluice::netns
