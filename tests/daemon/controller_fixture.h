// SPDX-License-Identifier: Apache-2.0
// The controller on a real kernel, in a network namespace and with a BPF file system of the test's
// own.
#pragma once

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "daemon/controller.h"
#include "kernel/byte_map.h"
#include "kernel/layout.h"
#include "kernel/pin.h"
#include "plan/example.h"
#include "support/temporary_folder.h"

namespace sluice::test {

namespace fs = std::filesystem;

inline constexpr uint32_t kLoopback = 1;

inline void enter_a_world_of_our_own() {
  ASSERT_EQ(::unshare(CLONE_NEWNET | CLONE_NEWNS), 0) << strerror(errno);
  ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0) << strerror(errno);
}

class ControllerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { enter_a_world_of_our_own(); }

  ControllerTest() {
    fs::create_directory(bpffs_);
    mounted_ = ::mount("bpf", bpffs_.c_str(), "bpf", 0, nullptr) == 0;
    example_.config.interfaces = {{.name = "lo", .mode = AttachMode::kGeneric}};
    example_.config.flows = 4096;
    example_.config.drain = std::chrono::seconds(60);
    for (auto& [backend, hop] : example_.hops) hop.ifindex = kLoopback;
  }
  ~ControllerTest() override {
    if (controller_) (void)controller_->unload();
    controller_.reset();
    if (mounted_) ::umount2(bpffs_.c_str(), MNT_DETACH);
  }
  void SetUp() override {
    ASSERT_TRUE(mounted_);
    start();
    apply();
  }

  // A daemon that has just been started. One that ran before ends as by SIGKILL: descriptors are
  // closed, and that is all.
  void start() {
    controller_.reset();
    Result<Pins> pins = Pins::open(bpffs_, "test");
    ASSERT_TRUE(pins) << pins.error().message;
    controller_.emplace(std::move(*pins));
    const Result<void> r = controller_->adopt();
    ASSERT_TRUE(r) << r.error().message;
  }
  void apply() {
    const Result<void> r = try_to_apply();
    ASSERT_TRUE(r) << r.error().message;
  }
  Result<void> try_to_apply() { return controller_->apply(example_.config, example_.hops, links_); }
  const Live& live() const { return controller_->live(); }
  fs::path instance() const { return fs::path(bpffs_) / "sluice/test"; }
  std::vector<std::string> names(const fs::path& directory) const {
    return list_names(directory.string()).value_or(std::vector<std::string>{});
  }
  // The one directory of tables.
  fs::path tables() const {
    std::vector<fs::path> found;
    for (const std::string& name : names(instance()))
      if (name.starts_with("tables-")) found.push_back(instance() / name);
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? fs::path() : found.back();
  }
  size_t count(const std::string& prefix) const {
    size_t n = 0;
    for (const std::string& name : names(tables())) n += name.starts_with(prefix);
    return n;
  }
  // Nothing is pinned but what is in force.
  void expect_tidy() {
    EXPECT_EQ(count("generation-"), 1u);
    EXPECT_EQ(count("state-"), 1u);
    EXPECT_EQ(count("ring-"), live().rings.size());
    EXPECT_TRUE(fs::exists(tables() / ("state-" + std::to_string(live().generation))));
    EXPECT_EQ(count("prefixes-"), live().prefix_number == SLUICE_NO_PREFIXES ? 0u : 1u);
    EXPECT_EQ(names(instance()), (std::vector<std::string>{"link-lo", tables().filename()}));
  }
  // As if another build had written the state: `digest` is another one there.
  void change_in_state(const std::string& digest) {
    const fs::path state = tables() / ("state-" + std::to_string(live().generation));
    Result<std::optional<std::vector<uint8_t>>> bytes = pinned_bytes(state);
    ASSERT_TRUE(bytes && *bytes);
    const auto at = std::search((*bytes)->begin(), (*bytes)->end(), digest.begin(), digest.end());
    ASSERT_NE(at, (*bytes)->end());
    *at ^= 1;
    ASSERT_TRUE(pin_bytes(**bytes, state));
  }
  // The id of the program on lo; 0: there is none.
  uint32_t attached_program() const {
    const Result<std::optional<UniqueFd>> link = open_pin(instance() / "link-lo");
    bpf_link_info info = {};
    uint32_t size = sizeof(info);
    if (!link || !*link || bpf_obj_get_info_by_fd((*link)->get(), &info, &size) != 0) return 0;
    return info.xdp.ifindex == kLoopback ? info.prog_id : 0;
  }
  // Of the map that packets find under the ring's number; 0: none.
  uint32_t id_of_ring(uint32_t number) const {
    const Result<std::optional<UniqueFd>> rings = open_pin(tables() / "rings");
    uint32_t id = 0;
    if (rings && *rings) bpf_map_lookup_elem((*rings)->get(), &number, &id);
    return id;
  }
  void leave_and_come() {
    example_.remove("203.0.113.11");
    example_.add("203.0.113.13");
    example_.hops[ip("203.0.113.13")].ifindex = kLoopback;
  }

  TemporaryFolder folder_;
  std::string bpffs_ = folder_.path("bpf");
  bool mounted_ = false;
  std::vector<Link> links_ = {{.ifindex = kLoopback, .name = "lo", .mac = {}}};
  Example example_;
  const std::vector<Backend> before_ = example_.config.pools["web"].backends;
  std::optional<Controller> controller_;
};

}  // namespace sluice::test
