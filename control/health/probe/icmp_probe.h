// SPDX-License-Identifier: Apache-2.0
// Does an address answer an echo request (ping), one as large as the way to it takes?
#pragma once

#include <chrono>
#include <memory>

#include "health/probe/probe.h"
#include "health/probe/probers.h"

namespace sluice::health {

std::unique_ptr<Probe> start_icmp_probe(Probers& probers, const Way& way,
                                        std::chrono::milliseconds timeout, Done done);

}  // namespace sluice::health
