// SPDX-License-Identifier: Apache-2.0
// One way to deploy sluice, as the parameter of a test; what holds in one of them holds in all.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::netns {

inline const std::vector<std::string> kModes = {"native", "generic", "tc"};

struct Deployment {
  std::string mode;     // of the balancer's interface
  std::string forward;  // as in the configuration: "gre", "{gue: {variant: 1}}"
  bool ipv6_backends = false;
  std::string agent = "auto";  // the agents' mode
};

void PrintTo(const Deployment& d, std::ostream* out);
std::string name_of(const testing::TestParamInfo<Deployment>& info);

// In each of `modes`, with each of `forwards`, to backends of both families with each of `agents`.
std::vector<Deployment> deployments(const std::vector<std::string>& forwards,
                                    const std::vector<std::string>& modes = kModes,
                                    const std::vector<std::string>& agents = {"auto"});

}  // namespace sluice::netns
