// SPDX-License-Identifier: Apache-2.0
// flow_test [--schedules=N] [--seed=N] [--brief] [gtest's options]
#include <gmock/gmock.h>
#include <sched.h>

#include <charconv>
#include <cstdio>
#include <string_view>

#include "flow/options.h"

namespace sluice::test {

namespace {

Options given;

bool read_number(std::string_view argument, std::string_view name, uint64_t& out) {
  if (!argument.starts_with(name)) return false;
  argument.remove_prefix(name.size());
  const auto [end, error] =
      std::from_chars(argument.data(), argument.data() + argument.size(), out);
  return error == std::errc() && end == argument.data() + argument.size();
}

// The kernel's LRU maps share out free entries by CPU: on one CPU small ones are as large as they
// say.
void stay_on_this_cpu() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(sched_getcpu(), &cpus);
  sched_setaffinity(0, sizeof(cpus), &cpus);
}

}  // namespace

const Options& options() {
  return given;
}

}  // namespace sluice::test

int main(int argc, char** argv) {
  using namespace sluice::test;
  testing::InitGoogleMock(&argc, argv);
  for (int i = 1; i < argc; i++) {
    if (std::string_view(argv[i]) == "--brief")
      given.brief = true;
    else if (!read_number(argv[i], "--schedules=", given.schedules) &&
             !read_number(argv[i], "--seed=", given.seed)) {
      std::fprintf(stderr, "usage: %s [--schedules=N] [--seed=N] [--brief]\n", argv[0]);
      return 2;
    }
  }
  stay_on_this_cpu();
  return RUN_ALL_TESTS();
}
