// SPDX-License-Identifier: Apache-2.0
// Finds the errors that no section shows by itself.
#pragma once

#include "config/draft.h"

namespace sluice {

inline constexpr size_t kMaxBackendsPerPool = 16383;  // a slot names a backend by 15 bits
inline constexpr size_t kMaxEndpoints = 262144;       // VIP and port pairs of all services

// Pools that do not exist, VIPs and ports used twice, port ranges that overlap, backends
// that are VIPs, pools too large.
void cross_check(const Draft& draft, Report& report);

}  // namespace sluice
