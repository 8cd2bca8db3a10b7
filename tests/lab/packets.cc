// SPDX-License-Identifier: Apache-2.0
#include "lab/packets.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "base/ip_address.h"
#include "netns/socket_address.h"

namespace sluice::netns {
namespace {

IpAddress address_of(const std::string& text) {
  return IpAddress::parse(text).value();
}

template <class T>
void append(Bytes& bytes, const T& header) {
  const auto* begin = reinterpret_cast<const uint8_t*>(&header);
  bytes.insert(bytes.end(), begin, begin + sizeof(header));
}

// RFC 1071, over an even or odd number of bytes.
uint16_t checksum(std::span<const uint8_t> bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); i++) sum += i % 2 ? bytes[i] : bytes[i] << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return htons(uint16_t(~sum));
}

Bytes udp_datagram(const IpAddress& source, const IpAddress& destination, uint16_t port,
                   const std::string& payload) {
  const auto length = uint16_t(sizeof(udphdr) + payload.size());
  udphdr udp = {};
  udp.uh_sport = htons(40000);
  udp.uh_dport = htons(port);
  udp.uh_ulen = htons(length);
  Bytes pseudo(source.data(), source.data() + source.size());
  pseudo.insert(pseudo.end(), destination.data(), destination.data() + destination.size());
  append(pseudo, htonl(length));
  append(pseudo, htonl(IPPROTO_UDP));
  append(pseudo, udp);
  pseudo.insert(pseudo.end(), payload.begin(), payload.end());
  udp.uh_sum = checksum(pseudo);
  Bytes datagram;
  append(datagram, udp);
  datagram.insert(datagram.end(), payload.begin(), payload.end());
  return datagram;
}

Result<UniqueFd> open_socket(const Host& host, int family, int type, int protocol) {
  return host.run([&]() -> Result<UniqueFd> {
    UniqueFd fd(socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
    if (!fd.valid()) return errno_error("open a socket in " + host.name());
    return fd;
  });
}

}  // namespace

Bytes udp_packet(const std::string& source, const std::string& destination, uint16_t port,
                 const std::string& payload) {
  const IpAddress from = address_of(source), to = address_of(destination);
  const Bytes datagram = udp_datagram(from, to, port, payload);
  Bytes packet;
  if (from.is_v4()) {
    ip header = {};
    header.ip_v = 4;
    header.ip_hl = 5;
    header.ip_len = htons(uint16_t(sizeof(header) + datagram.size()));
    header.ip_ttl = 64;
    header.ip_p = IPPROTO_UDP;
    memcpy(&header.ip_src, from.data(), from.size());
    memcpy(&header.ip_dst, to.data(), to.size());
    header.ip_sum = checksum({reinterpret_cast<const uint8_t*>(&header), sizeof(header)});
    append(packet, header);
  } else {
    ip6_hdr header = {};
    header.ip6_vfc = 6 << 4;
    header.ip6_plen = htons(uint16_t(datagram.size()));
    header.ip6_nxt = IPPROTO_UDP;
    header.ip6_hlim = 64;
    memcpy(&header.ip6_src, from.data(), from.size());
    memcpy(&header.ip6_dst, to.data(), to.size());
    append(packet, header);
  }
  packet.insert(packet.end(), datagram.begin(), datagram.end());
  return packet;
}

Result<void> send_to(const UniqueFd& socket, const std::string& destination, const Bytes& message,
                     uint16_t port) {
  const SocketAddress to = socket_address(destination, port);
  if (sendto(socket.get(), message.data(), message.size(), 0, to.get(), to.size) < 0)
    return errno_error("send a packet to " + destination);
  return {};
}

Result<void> send_raw(const Host& host, const std::string& destination, const Bytes& packet,
                      const std::string& device) {
  Result<UniqueFd> raw = open_socket(host, address_of(destination).family(), SOCK_RAW, IPPROTO_RAW);
  if (!raw) return raw.error();
  if (!device.empty() && setsockopt(raw->get(), SOL_SOCKET, SO_BINDTODEVICE, device.c_str(),
                                    socklen_t(device.size())) < 0)
    return errno_error("send by " + device);
  return send_to(*raw, destination, packet);
}

Result<void> send_encapsulated(const Host& host, const std::string& destination,
                               const Bytes& inner) {
  const int protocol = inner.at(0) >> 4 == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
  Result<UniqueFd> raw = open_socket(host, address_of(destination).family(), SOCK_RAW, protocol);
  if (!raw) return raw.error();
  return send_to(*raw, destination, inner);
}

Result<UniqueFd> udp_listener(const Host& host, const std::string& address, uint16_t port) {
  Result<UniqueFd> fd = open_socket(host, address_of(address).family(), SOCK_DGRAM, 0);
  if (!fd) return fd;
  const SocketAddress local = socket_address(address, port);
  if (bind(fd->get(), local.get(), local.size) < 0) return errno_error("bind " + address);
  return fd;
}

Result<UniqueFd> icmp_listener(const Host& host, int family) {
  return open_socket(host, family, SOCK_RAW,
                     family == AF_INET ? int(IPPROTO_ICMP) : int(IPPROTO_ICMPV6));
}

Result<UniqueFd> igmp_listener(const Host& host) {
  return open_socket(host, AF_INET, SOCK_RAW, IPPROTO_IGMP);
}

std::string receive(const UniqueFd& socket, milliseconds patience) {
  const Result<int> which = wait_readable(socket.get(), -1, Clock::now() + patience);
  if (!which || *which < 0) return "";
  std::string packet(0xffff, '\0');
  const ssize_t size = recv(socket.get(), packet.data(), packet.size(), 0);
  packet.resize(size_t(std::max<ssize_t>(0, size)));
  return packet;
}

Result<bool> ping(const Host& host, const std::string& address, size_t size) {
  const int family = address_of(address).family();
  Result<UniqueFd> socket = icmp_listener(host, family);
  if (!socket) return socket.error();
  const bool v4 = family == AF_INET;
  Bytes echo = {uint8_t(v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST), 0, 0, 0, 0x51, 0x1c, 0, 1};
  echo.resize(echo.size() + size, 'p');
  if (v4) {  // the kernel does it for ICMPv6
    const uint16_t sum = checksum(echo);
    memcpy(&echo[2], &sum, sizeof(sum));
  }
  if (Result<void> r = send_to(*socket, address, echo); !r) return r.error();
  const Clock::time_point deadline = Clock::now() + milliseconds(1000);
  while (Clock::now() < deadline) {
    const std::string packet =
        receive(*socket, std::chrono::ceil<milliseconds>(deadline - Clock::now()));
    const size_t start = v4 ? sizeof(ip) : 0;  // raw IPv4 sockets show the header
    if (packet.size() < start + echo.size()) continue;
    if (uint8_t(packet[start]) == (v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) &&
        packet.compare(start + 4, 4, "\x51\x1c\0\1", 4) == 0)
      return true;
  }
  return false;
}

}  // namespace sluice::netns
