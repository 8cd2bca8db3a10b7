// SPDX-License-Identifier: Apache-2.0
#include "health/probe/exec_probe.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "health/fixture.h"
#include "support/temporary_folder.h"

namespace sluice::health {
namespace {

using std::chrono::steady_clock;

void expect(const Outcome& outcome, Answer answer, const std::string& text) {
  EXPECT_EQ(int(outcome.answer), int(answer)) << outcome.text;
  EXPECT_EQ(outcome.text, text);
}

struct ExecProbeTest : testing::Test {
  test::TemporaryFolder folder;

  // A check by a script of the shell, whose $1 is a file of its own.
  Check script(const std::string& text, milliseconds timeout = milliseconds(5000)) {
    const std::string path = folder.path("script");
    std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return check(ExecCheck{.command = {path, folder.path("file")}}, timeout);
  }
  Outcome run(const std::string& text, milliseconds timeout = milliseconds(5000)) {
    return ask(script(text, timeout), way("192.0.2.1", 80));
  }
  std::string file() const {
    std::ifstream in(folder.path("file"));
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

// Does that process run, or is it a zombie?
bool exists(pid_t pid) {
  return kill(pid, 0) == 0;
}

bool ends_soon(pid_t pid) {
  for (int i = 0; i < 200 && exists(pid); i++) std::this_thread::sleep_for(milliseconds(10));
  return !exists(pid);
}

bool has_children() {
  return waitpid(-1, nullptr, WNOHANG) == 0 || errno != ECHILD;
}

TEST_F(ExecProbeTest, TheExitStatusIsTheAnswerAndTheFirstLineTheText) {
  expect(run("echo all is well; echo more"), Answer::kGood, "all is well");
  expect(run("exit 0"), Answer::kGood, "exit status 0");
  expect(run("echo disk full; exit 1"), Answer::kBad, "disk full");
  expect(run("exit 1"), Answer::kBad, "exit status 1");
  expect(run("printf 'no newline'"), Answer::kGood, "no newline");
  expect(run("printf 'a\\033[31mb\\nc'"), Answer::kGood, "a\\x1b[31mb");
  EXPECT_FALSE(has_children());
}

TEST_F(ExecProbeTest, AnyOtherEndIsUnknown) {
  expect(run("echo cannot ask; exit 2"), Answer::kUnknown,
         "exit status 2, which is neither 0 (good) nor 1 (bad): cannot ask");
  expect(run("kill -SEGV $$"), Answer::kUnknown, "ended by signal 11 (Segmentation fault)");
  expect(run("no-such-program"), Answer::kUnknown,
         "exit status 127, which is neither 0 (good) nor 1 (bad)");
}

TEST_F(ExecProbeTest, AProgramThatCannotBeStartedIsUnknown) {
  expect(ask(check(ExecCheck{.command = {"/nonexistent/check"}}), way("192.0.2.1")),
         Answer::kUnknown, "start /nonexistent/check: No such file or directory");
  const std::string path = folder.path("plain");
  std::ofstream(path) << "text";
  expect(ask(check(ExecCheck{.command = {path}}), way("192.0.2.1")), Answer::kUnknown,
         "start " + path + ": Permission denied");
  EXPECT_FALSE(has_children());
}

TEST_F(ExecProbeTest, IsUnknownWithoutADescriptor) {
  const Check check = script("exit 0");
  Asker asker;
  {
    const NoDescriptors none;
    asker.begin(check, way("192.0.2.1"));
  }
  asker.run();
  EXPECT_EQ(int(asker.outcomes()[0]->answer), int(Answer::kUnknown));
  EXPECT_NE(asker.outcomes()[0]->text.find("Too many open files"), std::string::npos);
}

TEST_F(ExecProbeTest, IsToldWhomToAskAndNothingElse) {
  ASSERT_EQ(setenv("SECRET", "x", 1), 0);
  Way marked = way("2001:db8::7", 443);
  marked.mark = 12;
  ASSERT_EQ(int(ask(script("env > $1", milliseconds(4000)), marked).answer), int(Answer::kGood));
  const std::string environment = file();
  for (const char* line : {"SLUICE_ADDRESS=2001:db8::7\n", "SLUICE_PORT=443\n", "SLUICE_MARK=12\n",
                           "SLUICE_TIMEOUT_MS=4000\n",
                           "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"})
    EXPECT_NE(environment.find(line), std::string::npos) << environment;
  EXPECT_EQ(environment.find("SECRET"), std::string::npos);
}

// An open descriptor, a blocked and an ignored signal of ours must not reach it.
TEST_F(ExecProbeTest, InheritsNothing) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);  // without CLOEXEC
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &blocked, nullptr), 0);
  ASSERT_NE(signal(SIGPIPE, SIG_IGN), SIG_ERR);
  const Outcome outcome =
      run("exec > $1; for d in /proc/$$/fd/*; do [ -e $d ] && echo $(readlink $d); done;"
          "cut -d' ' -f5 /proc/$$/stat; echo $$");
  ASSERT_EQ(int(outcome.answer), int(Answer::kGood)) << outcome.text;
  const std::string said = file();
  EXPECT_EQ(said.find("pipe:"), std::string::npos) << said;
  EXPECT_EQ(said.find("socket:"), std::string::npos) << said;
  EXPECT_EQ(said.find("anon_inode"), std::string::npos) << said;
  EXPECT_EQ(said.find("/dev/null\n"), 0u) << said;
  const auto grep = [](const char* what) {
    return ask(check(ExecCheck{.command = {"/bin/grep", what, "/proc/self/status"}}), way("::1"));
  };
  expect(grep("SigBlk"), Answer::kGood, "SigBlk:\\x090000000000000000");
  // But for 32 and 33, which are glibc's own.
  expect(grep("SigIgn"), Answer::kGood, "SigIgn:\\x090000000180000000");
  const size_t group = said.rfind('\n', said.rfind('\n', said.size() - 2) - 1) + 1;
  const size_t leader = said.find('\n', group) + 1;
  EXPECT_EQ(said.substr(group, leader - group), said.substr(leader)) << said;
  close(fds[0]);
  close(fds[1]);
}

TEST_F(ExecProbeTest, OneThatHangsIsKilledWithAllOfItsGroup) {
  Asker asker;
  asker.begin(script("sleep 1000 & echo $! > $1; echo waiting; wait", milliseconds(300)),
              way("192.0.2.1"));
  asker.run_for(milliseconds(800));
  ASSERT_TRUE(asker.outcomes()[0]);
  expect(*asker.outcomes()[0], Answer::kBad, "no answer within 300ms");
  EXPECT_TRUE(ends_soon(pid_t(std::stoi(file()))));
  EXPECT_FALSE(has_children()) << "a zombie is left";
  EXPECT_EQ(asker.probers().reaper.waiting(), 0u);
}

TEST_F(ExecProbeTest, OneThatIsStoppedIsKilled) {
  Asker asker;
  asker.begin(script("kill -STOP $$; exit 0", milliseconds(300)), way("192.0.2.1"));
  asker.run_for(milliseconds(800));
  ASSERT_TRUE(asker.outcomes()[0]);
  expect(*asker.outcomes()[0], Answer::kBad, "no answer within 300ms");
  EXPECT_FALSE(has_children());
}

TEST_F(ExecProbeTest, WhoHoldsItsOutputOpenIsNotWaitedForAndEndsWithIt) {
  const Time began = steady_clock::now();
  expect(run("sleep 1000 & echo $! > $1; echo fine"), Answer::kGood, "fine");
  EXPECT_LT(steady_clock::now() - began, milliseconds(3000));
  EXPECT_TRUE(ends_soon(pid_t(std::stoi(file()))));
}

TEST_F(ExecProbeTest, MuchOutputIsReadAndForgotten) {
  expect(run("echo first; head -c 800000 /dev/zero"), Answer::kGood, "first");
}

TEST_F(ExecProbeTest, EndlessOutputIsNotReadForever) {
  // The shell's own status: `yes` has ended by SIGPIPE.
  expect(run("yes; exit 0"), Answer::kGood, "y");
}

TEST_F(ExecProbeTest, ALongLineIsCut) {
  const Outcome outcome = run("head -c 5000 /dev/zero | tr '\\0' x");
  EXPECT_EQ(outcome.text, std::string(197, 'x') + "...");
}

TEST_F(ExecProbeTest, OneThatIsDestroyedIsKilled) {
  Asker asker;
  asker.begin(script("echo $$ > $1; exec sleep 1000"), way("192.0.2.1"));
  asker.begin(check(ExecCheck{.command = {"/bin/true"}}), way("192.0.2.1"));
  for (int i = 0; i < 500 && file().empty(); i++) std::this_thread::sleep_for(milliseconds(10));
  const pid_t pid = pid_t(std::stoi(file()));
  EXPECT_TRUE(exists(pid));
  asker.forget();
  asker.run_for(milliseconds(300));
  EXPECT_FALSE(exists(pid)) << "it runs, or is a zombie";
  EXPECT_FALSE(asker.outcomes()[0]);
}

TEST_F(ExecProbeTest, OneThatEndedWhileWeWereHeldUpIsGood) {
  Asker asker;
  asker.begin(script("echo fine", milliseconds(150)), way("192.0.2.1"));
  std::this_thread::sleep_for(milliseconds(1500));  // the loop stands still
  asker.run();
  expect(*asker.outcomes()[0], Answer::kGood, "fine");
}

}  // namespace
}  // namespace sluice::health
