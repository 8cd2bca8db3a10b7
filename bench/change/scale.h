// SPDX-License-Identifier: Apache-2.0
// Configurations of any size, and what is changed in them.
#pragma once

#include <string>

namespace sluice::bench {

// So many services, each with an address and with as many backends of its own; for more there are
// no addresses.
struct Scale {
  unsigned services = 1000, backends = 10;
};
inline constexpr unsigned kMostServices = 65536, kMostBackends = 250;

enum class Edit {
  kNone,
  kWeight,       // one backend of one service has another weight
  kDrained,      // its weight is 0
  kGone,         // it is not there
  kEveryWeight,  // one backend of every service has another weight
};

// The text of a configuration file.
std::string yaml_of(const Scale& scale, Edit edit, const std::string& interface);

// Where all the backends are.
inline constexpr char kBackends[] = "10.0.0.0/8";

}  // namespace sluice::bench
