// SPDX-License-Identifier: Apache-2.0
// Which interfaces take packets that native XDP redirects to them. Those of the others are lost,
// and counted nowhere that an operator would look.
#pragma once

#include <cstdint>
#include <set>

#include "base/result.h"

namespace sluice {

// The ifindexes of those that take none now: drivers without it, drivers that need an XDP program
// of their own first, veths whose other end has neither a program nor GRO. Of the caller's network
// namespace. Empty before Linux 6.3, which does not tell.
Result<std::set<uint32_t>> list_no_redirect_targets();

}  // namespace sluice
