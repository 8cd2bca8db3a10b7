// SPDX-License-Identifier: Apache-2.0
#include "health/socket.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>

#include <cstring>

namespace sluice::health {

SocketAddress socket_address(const IpAddress& address, uint16_t port) {
  SocketAddress out;
  if (address.is_v4()) {
    sockaddr_in sin = {};
    sin.sin_family = AF_INET;
    sin.sin_port = htons(port);
    memcpy(&sin.sin_addr, address.data(), address.size());
    memcpy(&out.storage, &sin, sizeof sin);
    out.size = sizeof sin;
  } else {
    sockaddr_in6 sin6 = {};
    sin6.sin6_family = AF_INET6;
    sin6.sin6_port = htons(port);
    memcpy(&sin6.sin6_addr, address.data(), address.size());
    memcpy(&out.storage, &sin6, sizeof sin6);
    out.size = sizeof sin6;
  }
  return out;
}

Result<void> set_option(int socket, int level, int name, int value, const char* what) {
  if (setsockopt(socket, level, name, &value, sizeof value) < 0)
    return errno_error(fmt::format("set {} of a probe's socket", what));
  return {};
}

Result<UniqueFd> open_socket(const Way& way, int type, int protocol) {
  UniqueFd fd(::socket(way.address.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!fd.valid()) return errno_error("open a socket");
  if (way.mark != 0)
    if (Result<void> r =
            set_option(fd.get(), SOL_SOCKET, SO_MARK, int(way.mark), "the mark (SO_MARK)");
        !r)
      return r.error();
  if (!way.source) return fd;
  // Without it bind() would take a port that no other socket may have until this one is closed.
  if (Result<void> r =
          set_option(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, "IP_BIND_ADDRESS_NO_PORT");
      !r)
    return r.error();
  const SocketAddress source = socket_address(*way.source, 0);
  if (bind(fd.get(), source.get(), source.size) < 0)
    return errno_error("send from " + way.source->to_string());
  return fd;
}

int pending_error(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return errno;
  return error;
}

bool is_ready(int fd, short events) {
  pollfd p = {.fd = fd, .events = events, .revents = 0};
  return poll(&p, 1, 0) > 0;
}

}  // namespace sluice::health
