// SPDX-License-Identifier: Apache-2.0
// Single packets a socket would not send, and the sockets that see what became of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/host.h"
#include "netns/wait.h"

namespace sluice::netns {

using Bytes = std::vector<uint8_t>;

// A whole IP packet with a UDP datagram; both addresses of one family.
Bytes udp_packet(const std::string& source, const std::string& destination, uint16_t port,
                 const std::string& payload);
// Sends a whole IP packet as it is, out of `device` if there is one, else by the routes.
Result<void> send_raw(const Host& host, const std::string& destination, const Bytes& packet,
                      const std::string& device = "");
// Sends `inner` from `host` to `destination` inside an outer header of that address's family, whose
// source is the host's own address.
Result<void> send_encapsulated(const Host& host, const std::string& destination,
                               const Bytes& inner);

// Sends one message by a socket; the kernel writes the headers in front of it.
Result<void> send_to(const UniqueFd& socket, const std::string& destination, const Bytes& message,
                     uint16_t port = 0);

// A UDP socket on an address of the host.
Result<UniqueFd> udp_listener(const Host& host, const std::string& address, uint16_t port);
// A socket that gets a copy of every ICMP (or ICMPv6) message the host receives.
Result<UniqueFd> icmp_listener(const Host& host, int family);
// The same of IGMP; whole IP packets.
Result<UniqueFd> igmp_listener(const Host& host);
// What arrives on `socket` within `patience`; empty when nothing does.
std::string receive(const UniqueFd& socket, milliseconds patience);

// True when an echo request with `size` bytes behind its header is answered within a second.
Result<bool> ping(const Host& host, const std::string& address, size_t size = 0);

}  // namespace sluice::netns
