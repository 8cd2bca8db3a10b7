// SPDX-License-Identifier: Apache-2.0
// What happens to a balancer, as a list: random by seed, and short enough to read once it has been
// shrunk.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "flow/operator.h"
#include "flow/traffic.h"

namespace sluice::test {

enum class Act { kPacket, kChange, kSweep, kTimer, kFlood };

struct Op {
  std::chrono::milliseconds at;  // since the schedule's beginning
  Act act;
  uint32_t what;   // of the flow, the change, or the size of the step
  uint32_t value;  // random
};

// How often each of a few things happens, relative to the others.
template <size_t kN>
using Weights = std::array<uint32_t, kN>;

// Where the clients are in a TCP flow's life: what they send then, by kSyn, kAck, kFin, kRst, and
// the errors about it.
struct Manners {
  Weights<5> half_open = {25, 60, 0, 5, 10};
  Weights<5> open = {8, 66, 8, 8, 10};
  Weights<5> closing = {5, 80, 2, 5, 8};
};

// What schedules of a property have in common.
struct Profile {
  uint32_t operations = 150;
  uint32_t flows = 20;
  Weights<5> acts = {70, 10, 14, 5, 1};  // by Act
  Weights<kChanges> changes = {16, 14, 8, 8, 14, 8, 8, 6, 10, 8, 5};
  Manners manners = {};
  std::vector<uint32_t> drains = {40, 100, 300, 900};  // s
  uint32_t always_in_10 = 2;                           // schedules that begin with tracking: always
  bool tcp = true, udp = true;
  uint32_t handshakes_in_10 = 7;  // SYNs whose answer comes, and is answered, at once
  bool whole_rounds = false;      // nothing happens between the steps of a sweep
};

struct Schedule {
  uint64_t seed;
  std::chrono::seconds drain;
  uint32_t backends;
  bool always;
  std::vector<uint32_t> flows;  // in Traffic
  std::vector<Op> ops;
};

Schedule random_schedule(const Profile& profile, uint64_t seed);

// The same changes at the same times, and everything else drawn anew.
Schedule with_other_traffic(const Schedule& s, const Profile& profile, uint64_t seed);

// A schedule with fewer operations that is still wrong.
Schedule shrink(Schedule s, const std::function<bool(const Schedule&)>& is_wrong);

// The place of `roll` among the weights.
template <size_t kN>
size_t pick(const Weights<kN>& weights, uint32_t roll) {
  uint32_t sum = 0;
  for (uint32_t w : weights) sum += w;
  roll %= sum;
  size_t i = 0;
  while (roll >= weights[i]) roll -= weights[i++];
  return i;
}

}  // namespace sluice::test
