// SPDX-License-Identifier: Apache-2.0
#include "health/probe/socket.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <cstring>

namespace sluice::health {

namespace {

// What TCP_MAXSEG takes: TCP_MIN_MSS and MAX_TCP_WINDOW of the kernel.
constexpr uint32_t kSmallestSegment = 88, kLargestSegment = 32767;

}  // namespace

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

Result<UniqueFd> open_stream(const Way& way) {
  Result<UniqueFd> fd = open_socket(way, SOCK_STREAM, 0);
  if (!fd) return fd;
  const linger reset = {.l_onoff = 1, .l_linger = 0};
  if (setsockopt(fd->get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset) < 0)
    return errno_error("set SO_LINGER of a probe's socket");
  if (way.max_packet == 0) return fd;
  // For both directions: it is told to the backend as well.
  if (Result<void> r = set_option(fd->get(), IPPROTO_TCP, TCP_MAXSEG, int(segment_size(way)),
                                  "the segments' size (TCP_MAXSEG)");
      !r)
    return r.error();
  return fd;
}

uint32_t segment_size(const Way& way) {
  const uint32_t headers =
      uint32_t((way.address.is_v4() ? sizeof(ip) : sizeof(ip6_hdr)) + sizeof(tcphdr));
  return std::clamp(way.max_packet - std::min(way.max_packet, headers), kSmallestSegment,
                    kLargestSegment);
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
