// SPDX-License-Identifier: Apache-2.0
// An IP address and a port as sockets want them.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace sluice::netns {

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// `address` is a valid address of either family.
SocketAddress socket_address(const std::string& address, uint16_t port);

}  // namespace sluice::netns
