// SPDX-License-Identifier: Apache-2.0
// Asks a backend by grpc.health.v1.
#pragma once

#include <chrono>
#include <memory>

#include "health/probe/curl_loop.h"
#include "health/probe/probe.h"

namespace sluice::health {

// Good is SERVING. Over TLS the certificate is not verified. The request is padded as that of
// start_http().
std::unique_ptr<Probe> start_grpc(CurlLoop& loop, const GrpcCheck& check, const Way& way,
                                  std::chrono::milliseconds timeout, Done done);

}  // namespace sluice::health
