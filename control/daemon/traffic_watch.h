// SPDX-License-Identifier: Apache-2.0
// How long backends have been without a packet. Pure: counters and the time are arguments.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/ip_address.h"
#include "plan/slots.h"

namespace sluice {

class TrafficWatch {
 public:
  struct Seen {
    uint64_t packets = 0;
    double per_second = 0;  // between the last two looks
    Time at;                // the last look
    Time moved;             // when the counter was last seen to move, or the first look
  };

  // The counter of a backend as it is at `now`. One that was set back begins anew.
  void note(const IpAddress& backend, const std::string& pool, uint64_t packets, Time now);
  // Null: nobody has looked.
  const Seen* find(const IpAddress& backend, const std::string& pool) const;
  // Forgets whoever has not been looked at since.
  void forget_before(Time then);

 private:
  std::map<std::pair<std::string, IpAddress>, Seen> seen_;
};

}  // namespace sluice
