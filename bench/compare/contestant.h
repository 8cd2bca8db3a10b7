// SPDX-License-Identifier: Apache-2.0
// Who is compared: a name, how it is set up on a site's balancer, and what it does to packets.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "compare/site.h"
#include "compare/traffic.h"
#include "netns/instance.h"

namespace sluice::bench {

// What keeps a contestant at work; where there is nothing, the kernel is at work by itself.
struct AtWork {
  std::unique_ptr<netns::Instance> sluice;
  std::vector<UniqueFd> held;
};

enum class Role {
  kFloor,     // the least that any of them costs here: the figures net of it are without the way
  kSluice,    // what this is all about: an error if it cannot be set up
  kBaseline,  // where the machine has it
};

struct Contestant {
  std::string name, summary;
  Role role = Role::kBaseline;
  Delivery delivery;
  // To be called by the main thread. The Error says what the machine lacks, or what went wrong.
  std::function<Result<AtWork>(Site&)> set_up;
};

// In the order of reports; names are unique. The programs are the floor's and one that writes a
// ready header (program/controls.h).
std::vector<Contestant> contestants(int null_tx, int encap);

// sluice in a mode of the interface, with a tracking ("native", "adaptive").
Contestant sluice_contestant(const std::string& mode, const std::string& tracking);

inline constexpr char kFloorName[] = "xdp-tx";
inline constexpr char kForwardingName[] = "kernel-forwarding";

}  // namespace sluice::bench
