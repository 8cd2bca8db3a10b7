// SPDX-License-Identifier: Apache-2.0
// The fixture of the tests in which backends fall ill under traffic.
#pragma once

#include <string>
#include <vector>

#include "lab/flows/flow_test.h"

namespace sluice::netns {

// How often and how long a backend of these tests is asked. `fall` bad answers in a row take it
// down, so that is known `kKnown` after it has died.
inline constexpr milliseconds kEvery(300), kTimeout(300);
inline constexpr unsigned kRise = 2, kFall = 3;
inline constexpr milliseconds kKnown = kFall * kEvery + kTimeout;

// `kind` as in the configuration: "http: /, port: 80".
std::string check_of(const std::string& kind);

class HealthTest : public FlowTest {
 protected:
  // Deploys sluice with ten backends that are asked as `kind` says, and waits until all of them
  // have answered. Then as FlowTest::begin().
  void begin_checked(const std::string& kind, const FlowCounts& counts = {},
                     const std::map<std::string, std::string>& pool = {});

  // As sluicectl has them.
  nlohmann::json ctl(std::vector<std::string> arguments);
  nlohmann::json backend(const std::string& name) {
    return ctl({"backend", "show", "web/" + name});
  }
  std::string state_of(const std::string& name) { return backend(name).at("state"); }
  // Waits until sluicectl says so.
  void await_state(const std::string& name, const std::string& state, milliseconds patience);

  // From now on nothing of the backend is on the network any more.
  void switch_off(const std::string& name);
  // Takes the decapsulation off the backend; its own address answers as before.
  void unload_agent(const std::string& name);
  // The share of new flows that backends get.
  Tally new_flows(Transport transport = Transport::kTcp);

 private:
  BackendHost& host_of(const std::string& name);
};

}  // namespace sluice::netns
