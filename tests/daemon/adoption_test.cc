// SPDX-License-Identifier: Apache-2.0
// Starts that cannot go on with what runs: whether for what it is, or for what the moment is like.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <iterator>

#include "base/log.h"
#include "daemon/controller_fixture.h"
#include "daemon/interruption.h"

namespace sluice::test {
namespace {

using Make = Result<void> (*)(const std::string& path);

// Something of somebody else's in the place of a pin.
struct Foreign {
  std::string name;
  Make make;
};

void PrintTo(const Foreign& row, std::ostream* out) {
  *out << row.name;
}

Result<void> pin(int fd, const std::string& path) {
  const UniqueFd owned(fd);
  if (!owned.valid()) return errno_error("make something foreign");
  if (bpf_obj_pin(owned.get(), path.c_str()) != 0) return errno_error("pin something foreign");
  return {};
}

// Type 6, which XDP programs have among programs and XDP links among links.
Result<void> make_map(const std::string& path) {
  return pin(bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "foreign", 4, 4, 1, nullptr), path);
}

Result<void> make_program(const std::string& path) {
  const bpf_insn pass[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
      {.code = BPF_JMP | BPF_EXIT},
  };
  return pin(bpf_prog_load(BPF_PROG_TYPE_XDP, "foreign", "GPL", pass, std::size(pass), nullptr),
             path);
}

Result<void> make_folder(const std::string& path) {
  std::error_code failed;
  fs::create_directory(path, failed);
  if (failed) return Error{failed.message()};
  return {};
}

class ForeignPin : public ControllerTest, public testing::WithParamInterface<Foreign> {};

// In the place of any of our tables: they are not ours, and what runs does not go on with them.
TEST_P(ForeignPin, InTheTablesLeadsToNewOnes) {
  for (const auto& [name, kind] : our_layout().maps) {
    SCOPED_TRACE(name);
    const fs::path before = tables();
    ASSERT_TRUE(unpin(before / name));
    const Result<void> made = GetParam().make(before / name);
    ASSERT_TRUE(made) << made.error().message;
    const uint32_t program = attached_program();
    start();
    EXPECT_EQ(live().generation, 0u);
    EXPECT_EQ(attached_program(), program) << "it serves until another one does";
    apply();
    EXPECT_NE(tables(), before);
    expect_tidy();
  }
}

INSTANTIATE_TEST_SUITE_P(Kind, ForeignPin,
                         testing::Values(Foreign{"Map", make_map}, Foreign{"Program", make_program},
                                         Foreign{"Folder", make_folder}),
                         [](const auto& row) { return row.param.name; });

class MomentaryError : public ControllerTest, public testing::WithParamInterface<int> {};

// Memory that is short, a right or a descriptor that is missing: at whichever call, what runs is
// gone on with all the same, or else the start fails, and what runs serves on as it is.
TEST_P(MomentaryError, NeverLeadsToANewDataPlane) {
  constexpr int kGoneOnWith = 0, kRefused = 3, kReplaced = 4;
  const uint64_t generation = live().generation;
  const fs::path where = tables();
  const uint32_t program = attached_program();
  controller_.reset();  // it has the lock
  size_t call = 0, refused = 0;
  for (;; call++) {
    SCOPED_TRACE(call);
    const Result<Ending> end = run_interrupted(
        [&] {
          spdlog::set_level(spdlog::level::off);
          Result<Pins> pins = Pins::open(bpffs_, "test");
          if (!pins) return kRefused;
          Controller controller(std::move(*pins));
          if (!controller.adopt()) return kRefused;
          return controller.live().generation == generation ? kGoneOnWith : kReplaced;
        },
        {call, GetParam()});
    ASSERT_TRUE(end) << end.error().message;
    if (!end->interrupted) break;
    ASSERT_NE(end->status, kReplaced) << end->at;
    refused += end->status == kRefused;
    EXPECT_EQ(attached_program(), program);
  }
  printf("%zu of %zu calls are needed\n", refused, call);
  EXPECT_GT(refused, 10u);
  start();
  EXPECT_EQ(live().generation, generation);
  apply();
  EXPECT_EQ(tables(), where);
  expect_tidy();
}

// None where no call can be refused.
INSTANTIATE_TEST_SUITE_P(Of, MomentaryError,
                         testing::ValuesIn(kCanRefuse ? std::vector{ENOMEM, EPERM, EMFILE}
                                                      : std::vector<int>()),
                         [](const auto& row) { return std::string(strerrorname_np(row.param)); });

// What has no name of ours is left alone, and in nobody's way.
TEST_F(ForeignPin, UnderANameOfItsOwnStays) {
  const fs::path foreign = instance() / "somebody";
  ASSERT_TRUE(make_map(foreign));
  start();
  EXPECT_GT(live().generation, 0u) << "it is gone on with what runs";
  leave_and_come();
  apply();
  EXPECT_TRUE(controller_->unload());
  EXPECT_EQ(names(instance()), (std::vector<std::string>{"somebody"}));
  EXPECT_EQ(attached_program(), 0u);
  ASSERT_TRUE(unpin(foreign));
}

// A pin of ours that is no link of ours says so, and stays.
TEST_F(ForeignPin, InThePlaceOfALinkFailsTheStart) {
  for (const Make make : {make_map, make_program}) {
    controller_.reset();
    const fs::path link = instance() / "link-away0";
    ASSERT_TRUE(make(link));
    Result<Pins> pins = Pins::open(bpffs_, "test");
    ASSERT_TRUE(pins) << pins.error().message;
    const Result<void> r = Controller(std::move(*pins)).adopt();
    ASSERT_FALSE(r);
    EXPECT_NE(r.error().message.find("link-away0"), std::string::npos) << r.error().message;
    EXPECT_TRUE(fs::exists(link));
    ASSERT_TRUE(unpin(link));
  }
  start();
}

}  // namespace
}  // namespace sluice::test
