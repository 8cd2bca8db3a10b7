// SPDX-License-Identifier: Apache-2.0
// ICMP errors of both families: sent by hand, and read where they arrive.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "lab/packets.h"
#include "netns/host.h"

namespace sluice::netns {

// A "fragmentation needed" or "packet too big".
struct TooBig {
  std::string from;
  unsigned mtu = 0;

  bool operator==(const TooBig&) const = default;
};

// Those that have come to an icmp_listener() by now, in order.
std::vector<TooBig> too_bigs(const UniqueFd& listener);

// Sends one from `host` to `vip`, about a UDP datagram from there to `client`: it quotes that
// datagram's IP header and the 8 bytes behind it, which is all a router has to (RFC 792).
Result<void> send_too_big(const Host& host, const std::string& vip, uint16_t vip_port,
                          const std::string& client, uint16_t client_port, uint16_t mtu);

}  // namespace sluice::netns
