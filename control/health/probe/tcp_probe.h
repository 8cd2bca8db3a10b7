// SPDX-License-Identifier: Apache-2.0
// Does a TCP port take connections, and answer?
#pragma once

#include <chrono>
#include <memory>

#include "health/probe/probe.h"
#include "health/probe/probers.h"

namespace sluice::health {

std::unique_ptr<Probe> start_tcp_probe(Probers& probers, const TcpCheck& check, const Way& way,
                                       std::chrono::milliseconds timeout, Done done);

}  // namespace sluice::health
