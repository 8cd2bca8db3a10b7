// SPDX-License-Identifier: Apache-2.0
// The same socket on every backend: who of them gets a packet, and that nobody else does.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "lab/packets.h"
#include "netns/topology.h"

namespace sluice::netns {

using BackendSockets = std::map<std::string, UniqueFd>;  // by the backend's name

Result<BackendSockets> udp_listeners(Topology& topology, const std::string& vip, uint16_t port);
Result<BackendSockets> icmp_listeners(Topology& topology, int family);

// Waits for `datagram` to arrive, as it is, and says at which backend. Whatever else arrives is an
// error.
Result<std::string> receiver_of(const BackendSockets& sockets, const Bytes& datagram,
                                milliseconds patience);
// Watches for `duration` that nothing arrives anywhere.
Result<void> expect_nothing(const BackendSockets& sockets, milliseconds duration);

}  // namespace sluice::netns
