// SPDX-License-Identifier: Apache-2.0
// The socket of a probe that goes a Way.
#pragma once

#include <sys/socket.h>

#include "base/result.h"
#include "base/unique_fd.h"
#include "health/probe.h"

namespace sluice::health {

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;

  SocketAddress(const IpAddress& address, uint16_t port);
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// What the payload of a TCP segment can be at most in a packet of `max_packet` bytes.
uint32_t segment_size(const Way& way);

// A socket of `type` (SOCK_STREAM: TCP, SOCK_DGRAM: UDP) to be connected to the way's address: with
// its mark, bound to its source, with segments that fit into its packets. It does not block and is
// closed on exec; a TCP connection is reset when it is closed, so that the probes of a day leave no
// ports in TIME-WAIT. Whatever fails here is our own fault.
Result<UniqueFd> open_way_socket(const Way& way, int type);

// Whether an errno of connecting, sending or receiving is our own fault. Memory and buffers can run
// out at any time. Else what the kernel says before we have `waited` for anybody is about our own
// routes and devices, and what it says later has come from the network.
bool is_our_fault(int os_error, bool waited);

}  // namespace sluice::health
