// SPDX-License-Identifier: Apache-2.0
// Unloading without a daemon: real pins in a BPF file system of the test's own.
#include "cli/pins.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <filesystem>

#include "api/fixture.h"

namespace sluice::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

UniqueFd new_map() {
  bpf_attr attr = {};
  attr.map_type = BPF_MAP_TYPE_ARRAY;
  attr.key_size = attr.value_size = 4;
  attr.max_entries = 1;
  return UniqueFd(int(::syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr))));
}

bool pin(const UniqueFd& fd, const std::string& path) {
  bpf_attr attr = {};
  attr.pathname = reinterpret_cast<uint64_t>(path.c_str());
  attr.bpf_fd = uint32_t(fd.get());
  return ::syscall(SYS_bpf, BPF_OBJ_PIN, &attr, sizeof(attr)) == 0;
}

struct PinsTest : ::testing::Test {
  api::TemporaryFolder folder;
  std::string bpffs = folder.path("bpf");
  std::string instance = bpffs + "/sluice/default";
  bool mounted = false;

  void SetUp() override {
    std::filesystem::create_directory(bpffs);
    mounted = ::mount("bpffs", bpffs.c_str(), "bpf", 0, nullptr) == 0;
    if (!mounted) GTEST_SKIP() << "mounting a BPF file system needs root: " << strerror(errno);
    std::filesystem::create_directories(instance);
  }
  void TearDown() override {
    if (mounted && ::umount2(bpffs.c_str(), MNT_DETACH) < 0) ADD_FAILURE() << strerror(errno);
  }
};

TEST_F(PinsTest, EverythingOfTheInstanceGoesDepthFirst) {
  const UniqueFd map = new_map();
  ASSERT_TRUE(map.valid()) << strerror(errno);
  std::filesystem::create_directory(instance + "/maps");
  ASSERT_TRUE(pin(map, instance + "/maps/drops")) << strerror(errno);
  ASSERT_TRUE(pin(map, instance + "/rings"));
  EXPECT_THAT(
      remove_pins(bpffs, "default").value(),
      ElementsAre(instance + "/maps/drops", instance + "/maps", instance + "/rings", instance));
  EXPECT_FALSE(std::filesystem::exists(bpffs + "/sluice"));
  EXPECT_THAT(remove_pins(bpffs, "default").value(), IsEmpty());
}

TEST_F(PinsTest, OtherInstancesStay) {
  const UniqueFd map = new_map();
  std::filesystem::create_directory(bpffs + "/sluice/other");
  ASSERT_TRUE(pin(map, bpffs + "/sluice/other/rings"));
  ASSERT_TRUE(pin(map, bpffs + "/foreign"));
  ASSERT_TRUE(remove_pins(bpffs, "default"));
  EXPECT_TRUE(std::filesystem::exists(bpffs + "/sluice/other/rings"));
  EXPECT_TRUE(std::filesystem::exists(bpffs + "/foreign"));
}

TEST_F(PinsTest, DetachingIsForTheCallerAndBeforeAnythingGoes) {
  const UniqueFd map = new_map();
  ASSERT_TRUE(pin(map, instance + "/link-eth0"));
  ASSERT_TRUE(pin(map, instance + "/rings"));
  std::vector<std::string> seen;
  const auto refuse = [&](const std::string& path) -> Result<void> {
    seen.push_back(path);
    return path.ends_with("rings") ? Result<void>(Error{"no"}) : Result<void>();
  };
  EXPECT_EQ(remove_pins(bpffs, "default", refuse).error().message, "no");
  EXPECT_THAT(seen, ElementsAre(instance + "/link-eth0", instance + "/rings"));
  EXPECT_TRUE(std::filesystem::exists(instance + "/link-eth0"));
  EXPECT_THAT(
      remove_pins(bpffs, "default", [](const std::string&) { return Result<void>(); }).value(),
      ElementsAre(instance + "/link-eth0", instance + "/rings", instance));
}

TEST_F(PinsTest, ARunningDaemonsPinsStay) {
  const UniqueFd map = new_map();
  ASSERT_TRUE(pin(map, instance + "/rings"));
  const UniqueFd daemon(::open(instance.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::flock(daemon.get(), LOCK_EX), 0);
  EXPECT_THAT(remove_pins(bpffs, "default").error().message,
              HasSubstr("a running sluiced holds it"));
  EXPECT_TRUE(std::filesystem::exists(instance + "/rings"));
}

TEST_F(PinsTest, SymbolicLinksAreNotFollowed) {
  const UniqueFd map = new_map();
  std::filesystem::create_directory(bpffs + "/foreign");
  ASSERT_TRUE(pin(map, bpffs + "/foreign/map"));
  std::filesystem::create_symlink("../../foreign", instance + "/link");
  ASSERT_TRUE(remove_pins(bpffs, "default"));
  EXPECT_TRUE(std::filesystem::exists(bpffs + "/foreign/map"));
}

}  // namespace
}  // namespace sluice::cli
