// SPDX-License-Identifier: Apache-2.0
// Asks a backend for a name.
#pragma once

#include <chrono>
#include <memory>

#include "health/probe/probe.h"
#include "health/probe/probers.h"

namespace sluice::health {

// One question in one UDP packet: nothing is sent again, followed or looked up elsewhere, no domain
// is added to the name, and no file of hosts is asked. What is not an answer to just this question
// is not one: a spoofed packet must not hide that the backend is silent.
//
// Good is an answer whose rcode is wanted. NOERROR without a record is bad, for whoever asks for a
// name wants one; but not where NXDOMAIN would be good, too: then it is about the server alone. A
// truncated answer is an answer.
std::unique_ptr<Probe> start_dns_probe(Probers& probers, const DnsCheck& check, const Way& way,
                                       std::chrono::milliseconds timeout, Done done);

}  // namespace sluice::health
