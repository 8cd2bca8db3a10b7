// SPDX-License-Identifier: Apache-2.0
// The fixture of tests about what becomes of interfaces and neighbours while sluice serves.
#pragma once

#include <string>

#include "lab/product_test.h"

namespace sluice::netns {

// Within this time after the kernel knows of a change it is followed: a promise, not a measurement.
inline constexpr milliseconds kSoon{1000};

class LinkTest : public ProductTest {
 protected:
  static inline const Weights kAll = {{"be1", 100}, {"be2", 100}};

  TopologyOptions topology_options() const override { return {.backends = unsigned(kAll.size())}; }

  // Runs a shell in a host; it must succeed. Returns what it wrote.
  std::string sh(const Host& host, const std::string& commands);
  std::string on_balancer(const std::string& commands) {
    return sh(topology_->balancer(), commands);
  }
  uint32_t ifindex(const std::string& device);
  // status's line about an interface; null where it has none.
  nlohmann::json interface_now(const std::string& name = kDevice);
  // Waits until that line says it is attached to this device; fails the test at kSoon after
  // `since`.
  void expect_attached(uint32_t ifindex, Clock::time_point since);
  // No request that begins later than kSoon after `since` fails, or loses a packet.
  void expect_served(Clock::time_point since);
  // Waits for `word` in what the daemon has written, beyond the first `from` characters.
  void expect_said(const std::string& word, size_t from = 0);
  uint64_t generation() { return status().at("generation"); }
};

}  // namespace sluice::netns
