// SPDX-License-Identifier: Apache-2.0
// Does a UDP port answer a datagram?
#pragma once

#include <chrono>
#include <memory>

#include "health/probe/probe.h"
#include "health/probe/probers.h"

namespace sluice::health {

std::unique_ptr<Probe> start_udp_probe(Probers& probers, const UdpCheck& check, const Way& way,
                                       std::chrono::milliseconds timeout, Done done);

}  // namespace sluice::health
