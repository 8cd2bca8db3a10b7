// SPDX-License-Identifier: Apache-2.0
// From one configuration to another and back, and from one program to another, many times.
#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <ostream>
#include <set>

#include "lab/changes/numbered_test.h"

namespace sluice::netns {
namespace {

constexpr size_t kWarmUp = 20;    // changes until the daemon has all it needs
constexpr size_t kEmulated = 16;  // changes on an emulated machine, where each takes seconds
constexpr size_t kResidentToleranceKib = 2048;  // heaps breathe

// How often, in the long run and else.
struct Times {
  size_t soak, daily;
};

struct Row {
  const char* name;
  const char* mode;
  bool share = false;
  Times flips, replacements;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class Flip : public NumberedTest, public testing::WithParamInterface<Row> {
 protected:
  void flip() { change_to({.generation = other(shown_.generation), .range = shown_.range}); }
  // Both generations in turn, with another program each time.
  void replace() { change_to({.generation = other(shown_.generation), .range = !shown_.range}); }
  void repeat(const char* what, const Times& times, const std::function<void()>& change) {
    Holdings before;
    ASSERT_NO_FATAL_FAILURE(begin(GetParam().mode, GetParam().share));
    if (IsSkipped()) return;
    const size_t count = emulated() ? kEmulated : soaking() ? times.soak : times.daily;
    const size_t warm_up = emulated() ? kEmulated / 2 : kWarmUp;
    for (size_t i = 0; i < count; i++) {
      if (i == warm_up) before = holdings_at_rest();
      ASSERT_NO_FATAL_FAILURE(change());
    }
    const Holdings after = holdings_at_rest();
    end(fmt::format("{}, {}", what, GetParam().name), count);
    expect_same(before, after);
  }

 private:
  void expect_same(const Holdings& before, const Holdings& after) {
    fmt::print("  {}, before\n  {}, after\n", before.text(), after.text());
    EXPECT_EQ(after.descriptors, before.descriptors);
    EXPECT_EQ(after.maps.size(), before.maps.size());
    EXPECT_EQ(after.programs.size(), before.programs.size());
    EXPECT_LE(after.resident_kib, before.resident_kib + kResidentToleranceKib);
  }
};

TEST_P(Flip, TakesEveryPacketByOneGenerationAndLeavesNothingBehind) {
  repeat("flips", GetParam().flips, [&] { flip(); });
}

TEST_P(Flip, OfTheProgramLosesNothingAndLeavesNothingBehind) {
  repeat("program replacements", GetParam().replacements, [&] {
    const std::set<uint32_t> before = holdings().programs;
    replace();
    ASSERT_NE(holdings().programs, before) << "the program was not replaced";
  });
}

constexpr Row kRows[] = {
    {.name = "native", .mode = "native", .flips = {10'000, 100}, .replacements = {1'000, 40}},
    {.name = "generic", .mode = "generic", .flips = {1'000, 30}, .replacements = {100, 30}},
    {.name = "tc", .mode = "tc", .flips = {1'000, 30}, .replacements = {100, 30}},
    {.name = "shared",
     .mode = "native",
     .share = true,
     .flips = {1'000, 30},
     .replacements = {100, 30}},
};
INSTANTIATE_TEST_SUITE_P(Mode, Flip, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace sluice::netns
