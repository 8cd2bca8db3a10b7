// SPDX-License-Identifier: Apache-2.0
// The fixture of tests that run bench-loadgen as a process, in a lab of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lab/check.h"
#include "netns/host.h"
#include "netns/lab.h"
#include "netns/process.h"

namespace sluice::loadgen {

inline constexpr char kLoadVip4[] = "192.0.2.10", kLoadVip6[] = "2001:db8::10";

// What it has printed.
struct Printed {
  std::vector<nlohmann::json> seconds;
  nlohmann::json total = nlohmann::json::object();

  uint64_t count(const char* key) const { return total.value(key, uint64_t(UINT64_MAX)); }
};

class LoadTest : public testing::Test {
 protected:
  // Skips where the rights are missing.
  void SetUp() override;
  // `arguments` behind those that all have: the VIPs, JSON.
  void start(const std::vector<std::string>& arguments);
  // Waits for its end, which must be a good one.
  Printed finish();
  Printed run(const std::vector<std::string>& arguments) {
    start(arguments);
    return HasFatalFailure() ? Printed() : finish();
  }

  std::unique_ptr<netns::Lab> lab_;
  std::unique_ptr<netns::Host> generator_;  // where it runs
  std::vector<netns::Process> process_;     // none or one
};

}  // namespace sluice::loadgen
