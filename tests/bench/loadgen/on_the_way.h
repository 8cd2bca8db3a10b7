// SPDX-License-Identifier: Apache-2.0
// What a balancer would do to a frame.
#pragma once

#include <string>

#include "loadgen/stamp.h"
#include "support/packet_builder.h"

namespace sluice::loadgen {

using test::Bytes;

// Backend `number` of a pool: 203.0.113.(10 + number).
std::string backend_address(unsigned number);

// The packet of `frame` in an outer IPv4 header to that backend.
Bytes encapsulated(const Bytes& frame, unsigned number);

// What the last bytes say.
Stamp stamp_of(const Bytes& frame);

// To one of three backends, by the number of the flow.
Bytes delivered(const Bytes& frame);

}  // namespace sluice::loadgen
