// SPDX-License-Identifier: Apache-2.0
// Configurations whose size grows in one direction, and the packet that is measured in each.
#pragma once

#include <cstdint>
#include <string>

#include "program/scenario.h"

namespace sluice::bench {

// So many services, of one address each and with one pool in common; the packet is of the one in
// the middle.
Scenario many_services(unsigned count);
// One service with so many backends.
Scenario many_backends(unsigned count);
// One service whose VIP is so many prefixes, /28 each; the packet is in the one in the middle.
Scenario many_prefixes(unsigned count);
// So many flows (a power of two), each begun by a SYN, with a tracking ("adaptive", "always") and
// room to remember `room` of them.
Scenario many_flows(uint32_t flows, const std::string& tracking, uint32_t room);

}  // namespace sluice::bench
