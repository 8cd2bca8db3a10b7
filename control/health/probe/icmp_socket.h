// SPDX-License-Identifier: Apache-2.0
// What ping sockets and raw sockets have in common.
#pragma once

#include "base/result.h"

namespace sluice::health {

int icmp_protocol(int family);

// Packets are never fragmented, and sent even if the path is said to take smaller ones only. So a
// path whose MTU is wrong is noticed each time, and not only until the kernel has learnt of it; and
// EMSGSIZE at once means our own interface.
Result<void> send_whole_packets(int socket, int family);

}  // namespace sluice::health
