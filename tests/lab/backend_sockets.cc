// SPDX-License-Identifier: Apache-2.0
#include "lab/backend_sockets.h"

#include <functional>
#include <utility>

namespace sluice::netns {
namespace {

Result<BackendSockets> on_each(Topology& topology,
                               const std::function<Result<UniqueFd>(const Host&)>& open) {
  BackendSockets sockets;
  for (const BackendHost& backend : topology.backends()) {
    Result<UniqueFd> socket = open(*backend.host);
    if (!socket) return Error{backend.name + ": " + socket.error().message};
    sockets[backend.name] = std::move(*socket);
  }
  return sockets;
}

}  // namespace

Result<BackendSockets> udp_listeners(Topology& topology, const std::string& vip, uint16_t port) {
  return on_each(topology, [&](const Host& host) { return udp_listener(host, vip, port); });
}

Result<BackendSockets> icmp_listeners(Topology& topology, int family) {
  return on_each(topology, [&](const Host& host) { return icmp_listener(host, family); });
}

Result<std::string> receiver_of(const BackendSockets& sockets, const Bytes& datagram,
                                milliseconds patience) {
  const std::string expected(datagram.begin(), datagram.end());
  std::string receiver, other;
  Result<void> came = wait_until(
      [&] {
        for (const auto& [backend, socket] : sockets) {
          const std::string got = receive(socket, milliseconds(0));
          if (got == expected)
            receiver = backend;
          else if (!got.empty())
            other = std::to_string(got.size()) + " other bytes arrived at " + backend;
        }
        return !receiver.empty() || !other.empty();
      },
      patience, "a datagram of " + std::to_string(expected.size()) + " bytes");
  if (!came) return came.error();
  if (!other.empty()) return Error{other};
  return receiver;
}

Result<void> expect_nothing(const BackendSockets& sockets, milliseconds duration) {
  if (Result<void> r = pause_for(duration); !r) return r;
  for (const auto& [backend, socket] : sockets)
    if (const std::string got = receive(socket, milliseconds(0)); !got.empty())
      return Error{std::to_string(got.size()) + " bytes too many arrived at " + backend};
  return {};
}

}  // namespace sluice::netns
