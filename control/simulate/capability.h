// SPDX-License-Identifier: Apache-2.0
// Which capabilities loading a program takes, and which this process lacks.
#pragma once

#include <string>
#include <vector>

namespace sluice {

// "CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON": those missing. The verifier wants the last one for
// the arithmetic on packet pointers.
std::vector<std::string> missing_capabilities();

}  // namespace sluice
