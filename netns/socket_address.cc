// SPDX-License-Identifier: Apache-2.0
#include "netns/socket_address.h"

#include <netinet/in.h>

#include <cstring>

#include "base/ip_address.h"

namespace sluice::netns {

SocketAddress socket_address(const std::string& text, uint16_t port) {
  const IpAddress address = IpAddress::parse(text).value();
  SocketAddress result;
  if (address.is_v4()) {
    auto* in = reinterpret_cast<sockaddr_in*>(&result.storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    memcpy(&in->sin_addr, address.data(), address.size());
    result.size = sizeof(*in);
  } else {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    memcpy(&in6->sin6_addr, address.data(), address.size());
    result.size = sizeof(*in6);
  }
  return result;
}

}  // namespace sluice::netns
