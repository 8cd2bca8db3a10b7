// SPDX-License-Identifier: Apache-2.0
// What does an operator's program say?
//
// It is told whom to ask by SLUICE_ADDRESS, SLUICE_PORT, SLUICE_MARK (0: none; else what SO_MARK is
// to be for the way through the tunnel) and SLUICE_TIMEOUT_MS; besides it has only PATH. Its first
// line on standard output is the outcome's text. It is the leader of a process group, which is
// killed when the time is up, and when the program itself has ended.
#pragma once

#include <chrono>
#include <memory>

#include "health/probe/probe.h"
#include "health/probe/probers.h"

namespace sluice::health {

std::unique_ptr<Probe> start_exec_probe(Probers& probers, const ExecCheck& check, const Way& way,
                                        std::chrono::milliseconds timeout, Done done);

}  // namespace sluice::health
