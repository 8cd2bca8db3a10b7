// SPDX-License-Identifier: Apache-2.0
#include "health/way_socket.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cstring>

namespace sluice::health {
namespace {

// What TCP_MAXSEG accepts: TCP_MIN_MSS and MAX_TCP_WINDOW of the kernel.
constexpr uint32_t kSmallestSegment = 88, kLargestSegment = 32767;

template <class T>
Result<void> set_option(int fd, int level, int option, const T& value, const char* what) {
  if (::setsockopt(fd, level, option, &value, sizeof(value)) < 0)
    return errno_error(std::string("cannot set a probe's ") + what);
  return {};
}

Result<void> prepare_stream(int fd, const Way& way) {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  if (Result<void> r = set_option(fd, SOL_SOCKET, SO_LINGER, at_once, "SO_LINGER"); !r) return r;
  if (way.max_packet == 0) return {};
  return set_option(fd, IPPROTO_TCP, TCP_MAXSEG, int(segment_size(way)), "segment size");
}

Result<void> bind_source(int fd, const IpAddress& source) {
  // The port is chosen by connect(2), where it only has to be unique for that one target.
  if (Result<void> r = set_option(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1, "late port"); !r)
    return r;
  const SocketAddress address(source, 0);
  if (::bind(fd, address.get(), address.size) < 0)
    return errno_error("cannot send from " + source.to_string());
  return {};
}

}  // namespace

SocketAddress::SocketAddress(const IpAddress& address, uint16_t port) {
  if (address.is_v4()) {
    sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    std::memcpy(&v4.sin_addr, address.data(), address.size());
    std::memcpy(&storage, &v4, size = sizeof(v4));
  } else {
    sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    std::memcpy(&v6.sin6_addr, address.data(), address.size());
    std::memcpy(&storage, &v6, size = sizeof(v6));
  }
}

uint32_t segment_size(const Way& way) {
  const uint32_t headers =
      uint32_t((way.address.is_v4() ? sizeof(ip) : sizeof(ip6_hdr)) + sizeof(tcphdr));
  return std::clamp(way.max_packet - std::min(way.max_packet, headers), kSmallestSegment,
                    kLargestSegment);
}

Result<UniqueFd> open_way_socket(const Way& way, int type) {
  UniqueFd fd(::socket(way.address.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno_error("cannot open a socket");
  if (way.mark != 0)
    if (Result<void> r = set_option(fd.get(), SOL_SOCKET, SO_MARK, way.mark, "mark"); !r)
      return r.error();
  if (type == SOCK_STREAM)
    if (Result<void> r = prepare_stream(fd.get(), way); !r) return r.error();
  if (way.source)
    if (Result<void> r = bind_source(fd.get(), *way.source); !r) return r.error();
  return fd;
}

bool is_our_fault(int os_error, bool waited) {
  switch (os_error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ENETDOWN:
      return true;
    case 0:
    // Only the other side says these, though it may be so near that we never waited.
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
      return false;
    default:
      return !waited;
  }
}

}  // namespace sluice::health
