// SPDX-License-Identifier: Apache-2.0
#include "bench/loadgen/load_test.h"

#include <fmt/format.h>
#include <unistd.h>

#include <sstream>

namespace sluice::loadgen {

using netns::Host;
using netns::Lab;
using netns::milliseconds;
using netns::Process;

void LoadTest::SetUp() {
  ASSERT_EQ(geteuid(), 0u) << "needs root, for network namespaces";
  LAB_ASSERT_OK_AND(lab_, Lab::create());
  LAB_ASSERT_OK_AND(generator_, Host::create(*lab_, "generator"));
}

void LoadTest::start(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {BENCH_LOADGEN,
                                   "--vip",
                                   fmt::format("{}:443", kLoadVip4),
                                   "--vip",
                                   fmt::format("[{}]:443", kLoadVip6),
                                   "-o",
                                   "json"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  Result<Process> process = Process::start(*generator_, {.argv = argv});
  LAB_ASSERT_OK(process);
  process_.clear();
  process_.push_back(std::move(*process));
}

Printed LoadTest::finish() {
  Printed printed;
  const Result<netns::Exit> exit = process_.at(0).wait(milliseconds(40'000));
  EXPECT_TRUE(exit) << exit.error().message << process_.at(0).output();
  if (!exit) return printed;
  EXPECT_EQ(exit->status, 0) << exit->output;
  std::istringstream lines(exit->output);
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object())
      printf("bench-loadgen: %s\n", line.c_str());
    else if (json.contains("second"))
      printed.seconds.push_back(json);
    else
      printed.total = json;
  }
  EXPECT_FALSE(printed.total.empty()) << exit->output;
  return printed;
}

}  // namespace sluice::loadgen
