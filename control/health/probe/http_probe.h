// SPDX-License-Identifier: Apache-2.0
// Asks a backend by HTTP or HTTPS.
#pragma once

#include <chrono>
#include <memory>

#include "health/probe/probe.h"
#include "health/probe/probers.h"

namespace sluice::health {

// Good is an answer that is complete within `timeout` (of a body, its first 64 KiB), has a status
// that is wanted and the text that is wanted in its body. A redirect is an answer like any other.
//
// Host and SNI are what `check.host` says, and no name is looked up. With way.max_packet the
// request has a header X-Sluice-Padding that makes it a full packet, up to 4 KiB.
std::unique_ptr<Probe> start_http_probe(Probers& probers, const HttpCheck& check, const Way& way,
                                        std::chrono::milliseconds timeout, Done done);

}  // namespace sluice::health
