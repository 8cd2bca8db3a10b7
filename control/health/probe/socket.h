// SPDX-License-Identifier: Apache-2.0
// Sockets of probes.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "health/probe/probe.h"

namespace sluice::health {

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// `port` in host byte order.
SocketAddress socket_address(const IpAddress& address, uint16_t port);

Result<void> set_option(int socket, int level, int name, int value, const char* what);

// A socket of `way`'s family that goes its way: non-blocking, marked, from its source. Its port is
// chosen when it connects, so that a port may serve for many targets at once.
Result<UniqueFd> open_socket(const Way& way, int type, int protocol);

// One of TCP, whose segments fit into its way's packets. It is reset when it is closed: a FIN at
// 10,000 probes a second would leave 600,000 sockets in TIME_WAIT, and no port for the next.
Result<UniqueFd> open_stream(const Way& way);
// What the payload of a TCP segment is at most in a packet of `way.max_packet` bytes.
uint32_t segment_size(const Way& way);

// What SO_ERROR says, an errno value; reading it clears it.
int pending_error(int socket);

// Has any of `events` of poll(2) come, or an error?
bool is_ready(int fd, short events);

}  // namespace sluice::health
