// SPDX-License-Identifier: Apache-2.0
// One datagram to a UDP port, and what comes back: what probes of UDP and DNS have in common.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "health/probe/probe.h"
#include "health/probe/probers.h"

namespace sluice::health {

// The outcome that a datagram of the backend means; none: it is no answer to the question, and the
// probe waits on.
using DatagramJudge = std::function<std::optional<Outcome>(std::string_view datagram)>;

// Asks `question` on the way. That there is none is our own fault.
std::unique_ptr<Probe> start_datagram_probe(Probers& probers, const Result<std::string>& question,
                                            DatagramJudge judge, const Way& way,
                                            std::chrono::milliseconds timeout, Done done);

}  // namespace sluice::health
