// SPDX-License-Identifier: Apache-2.0
// The lab itself: what it builds works, and nothing of it stays behind.
#include "netns/lab.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <net/if.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "lab/check.h"
#include "lab/leftovers.h"
#include "netns/http_client.h"
#include "netns/process.h"
#include "netns/tally.h"
#include "netns/topology.h"
#include "netns/xdp.h"

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr long kBpfFs = 0xcafe4a11;

std::string standin() {
  return fs::read_symlink("/proc/self/exe").parent_path() / "lab-standin";
}

class LabTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, for network namespaces";
    LAB_ASSERT_OK_AND(lab_, Lab::create());
  }
  void make_topology(const TopologyOptions& options = {}) {
    LAB_ASSERT_OK_AND(topology_, Topology::create(*lab_, options));
  }

  std::unique_ptr<Lab> lab_;
  std::unique_ptr<Topology> topology_;
};

TEST_F(LabTest, HasABpffsAndADirectoryOfItsOwn) {
  struct statfs info = {};
  ASSERT_EQ(statfs(lab_->bpffs().c_str(), &info), 0);
  EXPECT_EQ(info.f_type, kBpfFs);
  const std::string directory = lab_->directory();
  lab_.reset();
  EXPECT_FALSE(fs::exists(directory));
}

TEST_F(LabTest, TwoSideBySideDoNotMeet) {
  make_topology();
  Result<std::unique_ptr<Lab>> other = Lab::create();
  LAB_ASSERT_OK(other);
  Result<std::unique_ptr<Topology>> twin = Topology::create(**other);
  LAB_ASSERT_OK(twin);
  EXPECT_NE(lab_->name(), (*other)->name());
  (*twin)->backend(1).server.reset();
  const std::string be1 = url(topology_->backend(1).v4);
  Result<std::vector<Answer>> here = fetch(topology_->client(), {be1}, 3);
  LAB_ASSERT_OK(here);
  EXPECT_EQ(tally(*here).answers_of("be1"), 3u);
  Result<std::vector<Answer>> there = fetch((*twin)->client(), {be1}, 3);
  LAB_ASSERT_OK(there);
  EXPECT_EQ(tally(*there).failures(), 3u);
}

TEST_F(LabTest, StandsWithinASecond) {
  const Clock::time_point start = Clock::now();
  make_topology();
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
  RecordProperty("milliseconds", int(took.count()));
  EXPECT_LT(took, milliseconds(3000));  // under a second on a quiet machine
}

TEST_F(LabTest, ClientReachesEveryBackendInBothFamilies) {
  make_topology();
  for (const BackendHost& backend : topology_->backends()) {
    Result<std::vector<Answer>> answers =
        fetch(topology_->client(), {url(backend.v4), url(backend.v6)}, 10);
    LAB_ASSERT_OK(answers);
    EXPECT_EQ(tally(*answers).answers_of(backend.name), 10u) << backend.name;
    EXPECT_LT(tally(*answers).slowest, milliseconds(900)) << "a packet was lost";
  }
}

TEST_F(LabTest, BackendsAnswerFromTheVip) {
  make_topology();
  Netlink& router = topology_->router().netlink();
  LAB_ASSERT_OK(router.add_route("192.0.2.10/32", topology_->backend(2).v4));
  LAB_ASSERT_OK(router.add_route("2001:db8::10/128", topology_->backend(2).v6));
  Result<std::vector<Answer>> answers = fetch(topology_->client(), {url(kVip4), url(kVip6)}, 4);
  LAB_ASSERT_OK(answers);
  EXPECT_EQ(tally(*answers).answers_of("be2"), 4u);
}

TEST_F(LabTest, VipsAreRoutedToTheBalancer) {
  make_topology();
  Result<LinkState> before = topology_->balancer().netlink().link(kDevice);
  LAB_ASSERT_OK(before);
  const std::vector<Request> requests = {{.url = url(kVip4), .patience = milliseconds(100)}};
  Result<std::vector<Answer>> answers = fetch(topology_->client(), requests);
  LAB_ASSERT_OK(answers);
  EXPECT_EQ(tally(*answers).failures(), 1u) << "nothing balances here";
  Result<LinkState> after = topology_->balancer().netlink().link(kDevice);
  LAB_ASSERT_OK(after);
  EXPECT_GT(after->rx_packets, before->rx_packets);
}

TEST_F(LabTest, UploadsAreCountedAndConnectionsKept) {
  make_topology();
  const std::string be1 = url(topology_->backend(1).v4);
  constexpr uint64_t kSize = 10'000'000;
  Result<std::vector<Answer>> answers =
      fetch(topology_->client(), {{.url = be1, .new_connection = false, .upload = kSize},
                                  {.url = be1, .new_connection = false},
                                  {.url = url(topology_->backend(1).v4, "/bytes/100000")}});
  LAB_ASSERT_OK(answers);
  EXPECT_EQ(tally(*answers).failures(), 0u) << answers->at(0).error;
  EXPECT_EQ(answers->at(0).received, kSize);
  EXPECT_EQ(answers->at(0).received_digest, answers->at(0).sent_digest);
  EXPECT_EQ(answers->at(2).body, 100000u);
  EXPECT_EQ(topology_->backend(1).server->received(), kSize);
  EXPECT_EQ(topology_->backend(1).server->requests(), 3u);
}

TEST_F(LabTest, TrafficTellsEveryFailure) {
  make_topology();
  Result<std::unique_ptr<Traffic>> traffic =
      Traffic::start(topology_->client(), {url(topology_->backend(1).v4)});
  LAB_ASSERT_OK(traffic);
  LAB_ASSERT_OK(wait_until([&] { return (*traffic)->answers().size() > 10; }, milliseconds(5000),
                           "ten answers"));
  topology_->backend(1).server.reset();
  LAB_ASSERT_OK(wait_until([&] { return tally((*traffic)->answers()).failures() > 10; },
                           milliseconds(5000), "ten failures"));
  const Tally all = tally((*traffic)->stop());
  EXPECT_GT(all.answers_of("be1"), 10u);
  EXPECT_EQ(all.answers() + all.failures(), all.asked);
  EXPECT_THAT(all.failed.begin()->first, HasSubstr("Connection refused"));
}

TEST_F(LabTest, MacAddressesAreTheSameInEveryRun) {
  make_topology();
  Result<LinkState> link = topology_->balancer().netlink().link(kDevice);
  LAB_ASSERT_OK(link);
  EXPECT_EQ(link->mac.to_string(), "02:00:00:00:02:01");
  EXPECT_EQ(link->mtu, 1600u);
}

TEST_F(LabTest, RouterEndOfTheBalancerPassesThroughXdp) {
  make_topology();
  Result<XdpState> router = xdp_state(topology_->router(), "balancer");
  LAB_ASSERT_OK(router);
  EXPECT_EQ(router->mode, XdpMode::kNative);
  Result<XdpState> balancer = xdp_state(topology_->balancer(), kDevice);
  LAB_ASSERT_OK(balancer);
  EXPECT_EQ(balancer->mode, XdpMode::kNone);
}

TEST_F(LabTest, ALinkGoesWithItsObject) {
  make_topology();
  topology_->backend(3).link.reset();
  EXPECT_FALSE(topology_->router().netlink().link("be3"));
  EXPECT_FALSE(topology_->backend(3).host->netlink().link(kDevice));
}

TEST_F(LabTest, ThreadsStayInTheirHost) {
  make_topology();
  Result<unsigned> inside =
      topology_->router().run([]() -> Result<unsigned> { return if_nametoindex("balancer"); });
  LAB_ASSERT_OK(inside);
  EXPECT_NE(*inside, 0u);
  EXPECT_EQ(if_nametoindex("balancer"), 0u);
}

class ProcessTest : public LabTest {
 protected:
  void SetUp() override {
    LabTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    LAB_ASSERT_OK_AND(host_, Host::create(*lab_, "host"));
  }
  Result<Process> start(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = {standin()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return Process::start(*host_, {.argv = argv, .notifies = true, .patience = milliseconds(300)});
  }

  std::unique_ptr<Host> host_;
};

TEST_F(ProcessTest, RunsInItsHostAndItsOutputIsKept) {
  Result<Exit> exit = run_program(*host_, {"/bin/sh", "-c", "ls -l /proc/self/ns/net; exit 7"});
  LAB_ASSERT_OK(exit);
  EXPECT_EQ(exit->status, 7);
  const std::string ns = fs::read_symlink("/proc/self/fd/" + std::to_string(host_->fd()));
  EXPECT_THAT(exit->output, HasSubstr(ns));
}

TEST_F(ProcessTest, IsReadyWhenItSaysSoAndAgainAfterAReload) {
  Result<Process> process = start({});
  LAB_ASSERT_OK(process);
  EXPECT_TRUE(process->running());
  LAB_ASSERT_OK(process->signal(SIGHUP));
  LAB_ASSERT_OK(process->wait_ready(milliseconds(3000)));
  Result<Exit> exit = process->stop();
  LAB_ASSERT_OK(exit);
  EXPECT_EQ(exit->status, 0);
  EXPECT_FALSE(process->running());
}

TEST_F(ProcessTest, ThatIsNeverReadyIsAnError) {
  Result<Process> process = start({"silent"});
  ASSERT_FALSE(process);
  EXPECT_THAT(process.error().message, HasSubstr("not ready within 300 ms"));
  EXPECT_THAT(process.error().message, HasSubstr("stand-in silent"));
}

TEST_F(ProcessTest, ThatEndsEarlyIsAnErrorWithItsWords) {
  Result<Process> process = start({"fail"});
  ASSERT_FALSE(process);
  EXPECT_THAT(process.error().message, HasSubstr("ended before it was ready"));
  EXPECT_THAT(process.error().message, HasSubstr("stand-in fail"));
}

TEST_F(ProcessTest, ThatDoesNotExistIsNamed) {
  Result<Exit> exit = run_program(*host_, {"/nonexistent/program"});
  LAB_ASSERT_OK(exit);
  EXPECT_EQ(exit->status, 127);
  EXPECT_THAT(exit->output, HasSubstr("/nonexistent/program: cannot be run: No such file"));
}

TEST_F(ProcessTest, ThatIgnoresSigtermIsKilled) {
  Result<Process> process = start({"deaf"});
  LAB_ASSERT_OK(process);
  const pid_t pid = process->pid();
  Result<Exit> exit = process->stop(milliseconds(100));
  ASSERT_FALSE(exit);
  EXPECT_THAT(exit.error().message, HasSubstr("SIGTERM"));
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST_F(ProcessTest, EndsWithItsObject) {
  pid_t pid = -1;
  {
    Result<Process> process = start({});
    LAB_ASSERT_OK(process);
    pid = process->pid();
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

// A lab in a process of its own, for its end to be arranged.
class LeavesNothing : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, for network namespaces";
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // else init collects the orphans, or does not
  }
  [[noreturn]] static void own_a_lab(int report);
};

void LeavesNothing::own_a_lab(int report) {
  Result<std::unique_ptr<Lab>> lab = Lab::create(/*named=*/true);
  if (!lab) _exit(1);
  Result<std::unique_ptr<Topology>> topology = Topology::create(**lab);
  if (!topology) _exit(1);
  Result<Process> daemon =
      Process::start((*topology)->balancer(), {.argv = {standin(), "deaf"}, .notifies = true});
  if (!daemon) _exit(1);
  const std::string text = to_text(traces_of(**lab, **topology, {daemon->pid()}));
  if (write(report, text.data(), text.size()) < 0) _exit(1);
  close(report);
  pause();
  _exit(1);
}

TEST_P(LeavesNothing, WhenItsProcessIsEndedBy) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t owner = fork();
  if (owner == 0) own_a_lab(ends[1]);
  close(ends[1]);
  std::string text(4096, '\0');
  text.resize(size_t(std::max<ssize_t>(0, read(ends[0], text.data(), text.size()))));
  close(ends[0]);
  const Traces traces = from_text(text);
  ASSERT_EQ(traces.namespaces.size(), 6u) << text;
  EXPECT_THAT(leftovers(traces), HasSubstr(std::string(kNamesDirectory) + "/" + traces.name));
  EXPECT_THAT(leftovers(traces), HasSubstr("has the mount"));

  ASSERT_EQ(kill(owner, GetParam()), 0);
  ASSERT_EQ(waitpid(owner, nullptr, 0), owner);
  Result<void> gone = wait_until([&] { return leftovers(traces).empty(); }, milliseconds(3000),
                                 "everything to be gone");
  EXPECT_TRUE(gone) << leftovers(traces);
  while (waitpid(-1, nullptr, WNOHANG) > 0) continue;  // the janitor and the daemon
}

INSTANTIATE_TEST_SUITE_P(Lab, LeavesNothing, testing::Values(SIGINT, SIGTERM, SIGKILL, SIGABRT),
                         [](const auto& signal) {
                           return std::string(sigabbrev_np(signal.param));
                         });

}  // namespace
}  // namespace sluice::netns
