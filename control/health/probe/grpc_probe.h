// SPDX-License-Identifier: Apache-2.0
// Asks a backend by grpc.health.v1.
#pragma once

#include <chrono>
#include <memory>

#include "health/probe/probe.h"
#include "health/probe/probers.h"

namespace sluice::health {

// Good is SERVING. Over TLS the certificate is not verified. The request is padded as that of
// start_http_probe().
std::unique_ptr<Probe> start_grpc_probe(Probers& probers, const GrpcCheck& check, const Way& way,
                                        std::chrono::milliseconds timeout, Done done);

}  // namespace sluice::health
