// SPDX-License-Identifier: Apache-2.0
#include "lab/icmp.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>

#include "base/ip_address.h"
#include "support/packet_builder.h"

namespace sluice::netns {
namespace {

using test::PacketBuilder;

constexpr size_t kQuotedL4 = 8;

// A raw IPv4 socket shows the IP header, an IPv6 one does not.
std::optional<TooBig> understand(const Bytes& packet, const sockaddr_storage& from) {
  const bool v4 = from.ss_family == AF_INET;
  const size_t at = v4 ? sizeof(iphdr) : 0;
  icmphdr icmp = {};
  if (packet.size() < at + sizeof(icmp)) return std::nullopt;
  memcpy(&icmp, packet.data() + at, sizeof(icmp));
  if (v4 && icmp.type == ICMP_DEST_UNREACH && icmp.code == ICMP_FRAG_NEEDED) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&from);
    return TooBig{.from = IpAddress::from_v4(&in->sin_addr).to_string(),
                  .mtu = ntohs(icmp.un.frag.mtu)};
  }
  if (!v4 && icmp.type == ICMP6_PACKET_TOO_BIG) {
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&from);
    return TooBig{.from = IpAddress::from_v6(&in6->sin6_addr).to_string(),
                  .mtu = ntohl(icmp.un.gateway)};  // where ICMPv6 has its MTU
  }
  return std::nullopt;
}

Bytes quoted_datagram(const std::string& from, uint16_t source, const std::string& to,
                      uint16_t destination) {
  const bool v4 = IpAddress::parse(from).value().is_v4();
  PacketBuilder builder;
  if (v4)
    builder.ipv4({.source = from, .destination = to});
  else
    builder.ipv6({.source = from, .destination = to});
  const Bytes whole =
      builder.udp({.source = source, .destination = destination}).payload(1400).build();
  return test::first(whole, (v4 ? sizeof(iphdr) : sizeof(ip6_hdr)) + kQuotedL4);
}

}  // namespace

std::vector<TooBig> too_bigs(const UniqueFd& listener) {
  std::vector<TooBig> all;
  for (;;) {
    Bytes packet(0xffff);
    sockaddr_storage from = {};
    socklen_t from_size = sizeof(from);
    const ssize_t size = recvfrom(listener.get(), packet.data(), packet.size(), MSG_DONTWAIT,
                                  reinterpret_cast<sockaddr*>(&from), &from_size);
    if (size < 0) return all;
    packet.resize(size_t(size));
    if (std::optional<TooBig> message = understand(packet, from)) all.push_back(*message);
  }
}

Result<void> send_too_big(const Host& host, const std::string& vip, uint16_t vip_port,
                          const std::string& client, uint16_t client_port, uint16_t mtu) {
  const bool v4 = IpAddress::parse(vip).value().is_v4();
  const uint8_t high = uint8_t(mtu >> 8), low = uint8_t(mtu);
  // Both families keep the MTU in the last two of the header's eight bytes.
  Bytes message = {uint8_t(v4 ? ICMP_DEST_UNREACH : ICMP6_PACKET_TOO_BIG),
                   uint8_t(v4 ? ICMP_FRAG_NEEDED : 0),
                   0,
                   0,
                   0,
                   0,
                   high,
                   low};
  message = test::join(message, quoted_datagram(vip, vip_port, client, client_port));
  if (v4) {  // the kernel does it for ICMPv6
    const uint16_t sum = test::internet_checksum(message);
    message[2] = uint8_t(sum >> 8);
    message[3] = uint8_t(sum);
  }
  Result<UniqueFd> socket = icmp_listener(host, v4 ? AF_INET : AF_INET6);
  if (!socket) return socket.error();
  return send_to(*socket, vip, message);
}

}  // namespace sluice::netns
