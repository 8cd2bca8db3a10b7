// SPDX-License-Identifier: Apache-2.0
// The demo as a whole: it succeeds, and a Ctrl-C in the middle leaves nothing behind.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "lab/check.h"
#include "netns/product.h"
#include "netns/wait.h"

namespace sluice::netns {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Demo : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, for network namespaces and BPF";
    const Result<Programs> programs = Programs::beside_this_program();
    ASSERT_TRUE(programs) << programs.error().message;
    std::string path = fs::temp_directory_path() / "demo-test-XXXXXX";
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
    fs::create_directory(scratch());
  }
  ~Demo() override {
    if (!directory_.empty()) fs::remove_all(directory_);
  }

  fs::path scratch() const { return directory_ / "tmp"; }
  std::string output() const {
    std::ostringstream text;
    text << std::ifstream(directory_ / "output").rdbuf();
    return text.str();
  }
  void start() {
    demo_ = fork();
    if (demo_ != 0) return;
    setenv("TMPDIR", scratch().c_str(), 1);
    const std::string path = fs::read_symlink("/proc/self/exe").parent_path() / "netns-demo";
    if (freopen((directory_ / "output").c_str(), "w", stdout)) dup2(1, 2);
    execl(path.c_str(), path.c_str(), nullptr);
    _exit(127);
  }
  int end() {
    int status = 0;
    waitpid(demo_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  fs::path directory_;
  pid_t demo_ = -1;
};

TEST_F(Demo, SucceedsWithinTwentySeconds) {
  const Clock::time_point begin = Clock::now();
  start();
  EXPECT_EQ(end(), 0) << output();
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(20));
  EXPECT_TRUE(fs::is_empty(scratch()));
  EXPECT_THAT(output(), Not(HasSubstr("\033"))) << "no colours for a file";
}

TEST_F(Demo, InterruptedLeavesNothing) {
  start();
  LAB_ASSERT_OK(wait_until([&] { return output().find("be3 leaves") != std::string::npos; },
                           milliseconds(15000), "the demo to come to the change"));
  ASSERT_EQ(kill(demo_, SIGINT), 0);
  EXPECT_EQ(end(), 128 + SIGINT) << output();
  EXPECT_TRUE(fs::is_empty(scratch()));
}

}  // namespace
}  // namespace sluice::netns
