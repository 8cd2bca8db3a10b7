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

constexpr size_t kWarmUp = 20;                  // changes until the daemon has all it needs
constexpr size_t kResidentToleranceKib = 2048;  // heaps breathe

// How often, in the long run and else.
struct Times {
  size_t soak, daily;
};

struct Row {
  const char* mode;
  Times flips, replacements;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.mode;
}

class Flip : public NumberedTest, public testing::WithParamInterface<Row> {
 protected:
  void flip() { change_to({.generation = other(shown_.generation), .range = shown_.range}); }
  // Both generations in turn, with another program each time.
  void replace() { change_to({.generation = other(shown_.generation), .range = !shown_.range}); }
  void repeat(const char* what, const Times& times, const std::function<void()>& change) {
    const size_t count = soaking() ? times.soak : times.daily;
    Holdings before;
    ASSERT_NO_FATAL_FAILURE(begin(GetParam().mode));
    for (size_t i = 0; i < count; i++) {
      if (i == kWarmUp) before = holdings_at_rest();
      ASSERT_NO_FATAL_FAILURE(change());
    }
    const Holdings after = holdings_at_rest();
    end(fmt::format("{} in mode {}", what, GetParam().mode), count);
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
    {.mode = "native", .flips = {10'000, 100}, .replacements = {1'000, 40}},
    {.mode = "generic", .flips = {1'000, 30}, .replacements = {100, 30}},
    {.mode = "tc", .flips = {1'000, 30}, .replacements = {100, 30}},
};
INSTANTIATE_TEST_SUITE_P(Mode, Flip, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.mode); });

}  // namespace
}  // namespace sluice::netns
