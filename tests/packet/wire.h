// SPDX-License-Identifier: Apache-2.0
// Frames over a veth pair to the program where it really runs: native XDP, generic XDP, tc ingress.
#pragma once

#include <memory>

#include "packet/carrier.h"

namespace sluice::test {

enum class WireMode { kNative, kGeneric, kTc };

// Moves the process into a network namespace of its own.
Result<std::unique_ptr<Carrier>> make_wire(WireMode mode);

}  // namespace sluice::test
