// SPDX-License-Identifier: Apache-2.0
// What the kernel of a host has counted by itself: who really got a packet.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "netns/host.h"

namespace sluice::netns {

// By the names nstat(8) uses: "IcmpInEchos", "IpReasmOKs", "Icmp6InEchos", "Ip6ReasmOKs".
using KernelCounters = std::map<std::string, uint64_t>;

Result<KernelCounters> kernel_counters(const Host& host);

}  // namespace sluice::netns
