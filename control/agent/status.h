// SPDX-License-Identifier: Apache-2.0
// What is attached and what it has counted, as the pins tell it. Needs no running agent.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/attach.h"
#include "agent/pins.h"
#include "agent/prefix.h"
#include "base/ip_address.h"
#include "base/result.h"

namespace sluice::agent {

struct Reason {
  const char* name;  // "NOT_OUR_VIP"
  const char* text;  // for people
  uint64_t packets = 0;
};

// What came out of the tunnels of one kind.
struct Opened {
  const char* name;  // "IPIP"
  uint64_t packets = 0, bytes = 0;
};

struct Status {
  std::string directory;
  std::vector<Attached> interfaces;
  std::vector<IpAddress> vips, locals;
  std::vector<Prefix> allowed;
  std::vector<TunnelPort> ports;
  uint64_t packets = 0, bytes = 0;  // taken out of their tunnel, of any kind
  std::vector<Opened> tunnels;
  std::vector<Reason> drops, passes;
};

Result<Status> read_status(const Pins& pins);
std::string to_json(const Status& status);
std::string to_text(const Status& status);

}  // namespace sluice::agent
