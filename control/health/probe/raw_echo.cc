// SPDX-License-Identifier: Apache-2.0
#include "health/probe/raw_echo.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>

#include "health/probe/echo.h"
#include "health/probe/icmp_socket.h"
#include "health/probe/socket.h"

namespace sluice::health {

namespace {

// As in <linux/icmp.h>, which cannot be included beside <netinet/ip_icmp.h>. The option's value is
// a bit for each type of ICMP that is left out.
constexpr int kIcmpFilter = 1;
constexpr int kReceiveBuffer = 4 << 20;  // thousands of replies may come in one turn of the loop
constexpr int kMostAtOnce = 1000;        // then others have their turn

// Replies only: the kernel would hand us all ICMP of the host.
Result<void> filter_replies(int fd, int family) {
  int r = 0;
  if (family == AF_INET) {
    const uint32_t others = ~(1U << ICMP_ECHOREPLY);
    r = setsockopt(fd, SOL_RAW, kIcmpFilter, &others, sizeof others);
  } else {
    icmp6_filter filter;
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    r = setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
  }
  if (r < 0) return errno_error("filter what a raw socket receives");
  return {};
}

// The mark and the source of one packet.
class Control {
 public:
  explicit Control(const Way& way) {
    if (way.mark != 0) add(SOL_SOCKET, SO_MARK, way.mark);
    if (way.source && way.address.is_v4()) {
      in_pktinfo info = {};
      memcpy(&info.ipi_spec_dst, way.source->data(), sizeof info.ipi_spec_dst);
      add(IPPROTO_IP, IP_PKTINFO, info);
    } else if (way.source) {
      in6_pktinfo info = {};
      memcpy(&info.ipi6_addr, way.source->data(), sizeof info.ipi6_addr);
      add(IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
  }
  void attach_to(msghdr& message) {
    message.msg_control = size_ > 0 ? bytes_ : nullptr;
    message.msg_controllen = size_;
  }

 private:
  template <class T>
  void add(int level, int type, const T& value) {
    cmsghdr header = {};
    header.cmsg_len = CMSG_LEN(sizeof value);
    header.cmsg_level = level;
    header.cmsg_type = type;
    memcpy(bytes_ + size_, &header, sizeof header);
    memcpy(bytes_ + size_ + CMSG_LEN(0), &value, sizeof value);
    size_ += CMSG_SPACE(sizeof value);
  }
  alignas(cmsghdr) uint8_t bytes_[128] = {};
  size_t size_ = 0;
};

// A raw socket of IPv4 gets the IP header as well.
std::string_view without_ip_header(int family, std::string_view packet) {
  if (family == AF_INET6) return packet;
  if (packet.empty()) return packet;
  const size_t header = size_t(packet[0] & 0x0f) * 4;
  return packet.substr(std::min(header, packet.size()));
}

}  // namespace

RawEcho::Waiting RawEcho::wait(uint64_t token, Heard heard) {
  waiting_[token] = std::move(heard);
  return Waiting(this, token);
}

Result<int> RawEcho::open(int family) {
  Socket& socket = sockets_[family == AF_INET ? 0 : 1];
  if (socket.fd.valid()) return socket.fd.get();
  UniqueFd fd(::socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, icmp_protocol(family)));
  if (!fd.valid())
    return errno_error(
        "open a socket for ICMP (it takes CAP_NET_RAW, or a group in net.ipv4.ping_group_range)");
  if (Result<void> r = filter_replies(fd.get(), family); !r) return r.error();
  if (Result<void> r = send_whole_packets(fd.get(), family); !r) return r.error();
  // Without CAP_NET_ADMIN it is as large as net.core.rmem_max lets it be.
  if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) < 0)
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  socket.family = family;
  Result<EventLoop::Source> source = loop_.on_readable(fd.get(), [this, &socket] { read(socket); });
  if (!source) return source.error();
  socket.fd = std::move(fd);
  socket.source = std::move(*source);
  return socket.fd.get();
}

Result<void> RawEcho::send(const Way& way, std::string_view message) {
  const Result<int> fd = open(way.address.family());
  if (!fd) return fd.error();
  SocketAddress to = socket_address(way.address, 0);
  iovec bytes = {.iov_base = const_cast<char*>(message.data()), .iov_len = message.size()};
  msghdr header = {};
  header.msg_name = &to.storage;
  header.msg_namelen = to.size;
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  Control control(way);
  control.attach_to(header);
  if (sendmsg(*fd, &header, 0) < 0) return errno_error("send an echo request");
  return {};
}

void RawEcho::read() {
  for (const Socket& socket : sockets_)
    if (socket.fd.valid()) read(socket);
}

void RawEcho::read(const Socket& socket) {
  char buffer[64 << 10];
  for (int i = 0; i < kMostAtOnce; i++) {
    const ssize_t n = recv(socket.fd.get(), buffer, sizeof buffer, 0);
    if (n < 0) return;  // nothing more, or an error that is of no probe in particular
    const std::string_view message =
        without_ip_header(socket.family, std::string_view(buffer, size_t(n)));
    const std::optional<uint64_t> token = reply_token(socket.family, message);
    if (!token) continue;
    const auto waits = waiting_.find(*token);
    if (waits != waiting_.end()) waits->second(message);
  }
}

}  // namespace sluice::health
