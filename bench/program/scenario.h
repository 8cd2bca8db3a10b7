// SPDX-License-Identifier: Apache-2.0
// What is measured: a configuration, a packet, what must become of it, and in which orders flows
// come. A new scenario is an entry of the table in scenarios.cc.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "program/order.h"
#include "program/packet.h"
#include "program/world.h"

namespace sluice::bench {

// What is run.
enum class Program { kShipped, kNullTx, kEncapOnly, kEncapWords };

// What the packet is when it leaves.
struct Outcome {
  uint32_t action = 0;   // XDP_*
  uint32_t growth = 0;   // bytes put in front of the client's IP packet
  int outer_family = 0;  // 4 or 6; 0: no outer header
  uint8_t outer_protocol = 0;
  uint16_t outer_port = 0;  // UDP destination; 0: no UDP header
};

struct Scenario {
  std::string name;
  std::string summary;
  Program program = Program::kShipped;
  std::string yaml;  // for the shipped program
  Packet packet;
  Outcome outcome;
  std::vector<Order> orders;
  // Every flow of a set begins with a SYN before it is measured, so that it can be remembered.
  bool begins = false;
  // Done to the data plane before anything is measured; null: nothing.
  Result<void> (*setup)(World& world) = nullptr;
};

const std::vector<Scenario>& scenarios();

}  // namespace sluice::bench
