// SPDX-License-Identifier: Apache-2.0
// One probe: asks a backend once whether it is well, and comes to an answer.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "base/ip_address.h"
#include "model/check.h"

namespace sluice::health {

// Where a probe goes, and how.
struct Way {
  IpAddress address;                // the VIP, or the backend's own address
  uint16_t port = 0;                // host byte order; of no meaning to ICMP
  std::optional<IpAddress> source;  // that answers come back to; empty: the kernel chooses
  uint32_t mark = 0;                // SO_MARK, by which the tunnel is found; 0: none
  uint32_t max_packet = 0;  // bytes of the largest IP packet that fits into the tunnel; 0: any

  bool operator==(const Way&) const = default;
};

enum class Answer {
  kGood,
  kBad,
  kUnknown,  // it is our own fault: no descriptor, no port, no route, no memory, no interface
};

struct Outcome {
  Answer answer = Answer::kUnknown;
  std::string text;  // "200 OK", "connection refused", ...: one line of at most 200 bytes
  std::optional<double> weight;  // what the backend wants of its configured one: 1.0 is all
  // Something came back from the backend, if only a refusal or a wrong status: whatever is amiss,
  // it is not the way there.
  bool replied = false;
};

// A probe under way; destroying it ends it without an answer.
class Probe {
 public:
  virtual ~Probe() = default;
};

// Called once, never from within start().
using Done = std::function<void(Outcome)>;

}  // namespace sluice::health
