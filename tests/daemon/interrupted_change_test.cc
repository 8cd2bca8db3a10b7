// SPDX-License-Identifier: Apache-2.0
// A change that is killed, or fails, at one of its system calls: packets follow the configuration
// before it or the one after, and the next daemon ends where the change was to lead.
#include <bpf/bpf.h>
#include <gmock/gmock.h>

#include <cstdlib>

#include "base/log.h"
#include "daemon/controller_fixture.h"
#include "daemon/interruption.h"
#include "kernel/test_run.h"
#include "support/packet_builder.h"

namespace sluice::test {
namespace {

enum class Work {
  kFirstLoad,
  kMembers,
  kNewVip,
  kOldVip,
  kPrograms,
  kTables,
  kOtherLayout,
  kUnload
};

struct Row {
  std::string name;
  Work work;
  int error;  // 0: SIGKILL
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

std::vector<Row> rows() {
  std::vector<Row> out;
  for (const auto& [name, work] :
       {std::pair{"FirstLoad", Work::kFirstLoad}, std::pair{"OtherMembers", Work::kMembers},
        std::pair{"AnotherVip", Work::kNewVip}, std::pair{"AVipLess", Work::kOldVip},
        std::pair{"OtherPrograms", Work::kPrograms}, std::pair{"OtherTables", Work::kTables},
        std::pair{"TablesOfAnotherLayout", Work::kOtherLayout}, std::pair{"Unload", Work::kUnload}})
    for (const auto& [what, error] :
         {std::pair{"Killed", 0}, std::pair{"Enomem", ENOMEM}, std::pair{"Enospc", ENOSPC},
          std::pair{"Eperm", EPERM}, std::pair{"Ebusy", EBUSY}})
      if (error == 0 || kCanRefuse) out.push_back({std::string(name) + what, work, error});
  return out;
}

// Of the calls, which: in the long run every one, else a part, fewer of the rarer errors.
size_t step_of(const Row& row) {
  if (getenv("SLUICE_SOAK")) return 1;
  return row.error == 0 || row.error == ENOMEM ? 5 : 15;
}

class Interrupted : public ControllerTest, public testing::WithParamInterface<Row> {
 protected:
  static constexpr int kDone = 0, kRefused = 3, kStuck = 4;

  void SetUp() override {
    ASSERT_TRUE(mounted_);
    spdlog::set_level(spdlog::level::off);
    for (Service& s : example_.config.services) s.tracking = Tracking::kNever;
    config_before_ = after_ = example_.config;
    change(after_);
  }
  void TearDown() override { spdlog::set_level(spdlog::level::info); }

  void change(Config& c) {
    switch (GetParam().work) {
      case Work::kFirstLoad:
      case Work::kOtherLayout:
      case Work::kUnload:
        break;
      case Work::kMembers:
        example_.hops[ip("203.0.113.13")] = example_.hops.begin()->second;
        c.pools["web"].backends = {{.name = "c", .address = ip("203.0.113.13"), .forward = {}}};
        break;
      case Work::kNewVip:
        c.services[0].vips.push_back(IpPrefix::of(ip("192.0.2.77")));
        break;
      case Work::kOldVip:
        std::erase(c.services[0].vips, IpPrefix::of(ip("2001:db8::10")));
        break;
      case Work::kPrograms:
        c.services[0].ports.push_back({1000, 2000, IPPROTO_TCP});
        break;
      case Work::kTables:
        c.ring_size = 509;
        break;
    }
  }
  // The instance as it is before the work that is interrupted.
  void prepare() {
    example_.config = config_before_;
    // From nothing: numbers of past members, which nobody's rounds release here, would make every
    // change longer than the one before.
    if (controller_ && !controller_->unload()) ADD_FAILURE() << "unload";
    controller_.reset();
    if (GetParam().work == Work::kFirstLoad) return;
    start();
    apply();
    if (GetParam().work == Work::kOtherLayout) change_in_state(our_layout().tables);
    controller_.reset();
  }
  // What the daemon does, in a process of its own; where it is refused, once more.
  int work() {
    Result<Pins> pins = Pins::open(bpffs_, "test");
    if (!pins) return kRefused;
    controller_.emplace(std::move(*pins));
    if (!controller_->adopt()) return kRefused;
    if (GetParam().work == Work::kUnload) return controller_->unload() ? kDone : kRefused;
    example_.config = after_;
    if (try_to_apply()) return kDone;
    return try_to_apply() ? kRefused : kStuck;
  }
  // Where the program that is attached sends a packet for the first VIP; "" if it does not.
  std::string destination() {
    const uint32_t id = attached_program();
    if (id == 0) return "";
    const UniqueFd program(bpf_prog_get_fd_by_id(id));
    const Bytes frame = PacketBuilder()
                            .ethernet("02:00:00:00:00:0b", "02:00:00:00:00:02")
                            .ipv4({.source = "198.51.100.7", .destination = "192.0.2.10"})
                            .tcp({.source = 40000, .destination = 80})
                            .build();
    const Result<TestOutcome> out = test_run(program.get(), Hook::kXdp, frame);
    if (!out || (out->action != XDP_TX && out->action != XDP_REDIRECT)) return "";
    return IpAddress::from_v4(out->frame.data() + 14 + 16).to_string();
  }
  std::set<std::string> allowed() const {
    std::set<std::string> out;
    for (const Config* c : {&config_before_, &after_})
      for (const Backend& b : c->pools.at("web").backends) out.insert(b.address.to_string());
    if (GetParam().work == Work::kFirstLoad || GetParam().work == Work::kUnload) out.insert("");
    return out;
  }
  // The next daemon, and the configuration that was wanted.
  void converge() {
    start();
    if (GetParam().work != Work::kFirstLoad && GetParam().work != Work::kUnload) {
      EXPECT_GT(live().generation, 0u) << "it is not gone on with what runs";
    }
    example_.config = after_;
    apply();
    expect_tidy();
    ASSERT_NE(destination(), "");
    if (GetParam().work == Work::kMembers) {
      EXPECT_EQ(destination(), "203.0.113.13");
    }
  }
  // False when the work ended before call `n`.
  bool interrupt(size_t n) {
    prepare();
    const Result<Ending> end =
        run_interrupted([&] { return work(); },
                        {n, GetParam().error ? std::optional(GetParam().error) : std::nullopt});
    EXPECT_TRUE(end) << end.error().message;
    if (!end || !end->interrupted) return false;
    SCOPED_TRACE(testing::Message() << "call " << n << ", " << end->at);
    EXPECT_NE(end->status, kStuck);
    EXPECT_THAT(allowed(), testing::Contains(destination()));
    converge();
    return !HasFailure();
  }

  Config config_before_, after_;
};

TEST_P(Interrupted, ChangeLeavesOneStateOrTheOther) {
  const size_t step = step_of(GetParam());
  size_t n = size_t(GetParam().work) % step, points = 0;
  for (; interrupt(n); n += step) points++;
  printf("%s: interrupted at %zu of about %zu calls\n", GetParam().name.c_str(), points, n);
  EXPECT_GT(points, 3u);
}

INSTANTIATE_TEST_SUITE_P(Calls, Interrupted, testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace sluice::test
