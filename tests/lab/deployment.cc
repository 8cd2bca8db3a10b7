// SPDX-License-Identifier: Apache-2.0
#include "lab/deployment.h"

#include <cctype>

namespace sluice::netns {

void PrintTo(const Deployment& d, std::ostream* out) {
  *out << d.forward << (d.ipv6_backends ? " over IPv6, " : " over IPv4, ") << d.mode << ", agents "
       << d.agent;
}

std::string name_of(const testing::TestParamInfo<Deployment>& info) {
  const Deployment& d = info.param;
  std::string name;
  for (const char c : d.forward)
    if (isalnum(c)) name += c;
  name += (d.ipv6_backends ? "_over_ipv6_" : "_over_ipv4_") + d.mode;
  return d.agent == "auto" ? name : name + "_to_" + d.agent;
}

std::vector<Deployment> deployments(const std::vector<std::string>& forwards,
                                    const std::vector<std::string>& modes,
                                    const std::vector<std::string>& agents) {
  std::vector<Deployment> all;
  for (const std::string& mode : modes)
    for (const std::string& agent : agents)
      for (const std::string& forward : forwards)
        for (const bool ipv6 : {false, true})
          all.push_back({.mode = mode, .forward = forward, .ipv6_backends = ipv6, .agent = agent});
  return all;
}

}  // namespace sluice::netns
