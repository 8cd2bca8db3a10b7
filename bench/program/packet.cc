// SPDX-License-Identifier: Apache-2.0
#include "program/packet.h"

#include <arpa/inet.h>
#include <endian.h>
#include <net/ethernet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "base/ip_address.h"

namespace sluice::bench {

namespace {

constexpr const char* kFirstClient4 = "198.18.0.0";
constexpr const char* kFirstClient6 = "2001:db8:c::";
constexpr size_t kFrameLength = 64;
constexpr uint16_t kDontFragment = 0x4000;
constexpr uint8_t kTtl = 64;

template <class T>
void append(std::vector<uint8_t>& to, const T& value, size_t length = sizeof(T)) {
  const uint8_t* const bytes = reinterpret_cast<const uint8_t*>(&value);
  to.insert(to.end(), bytes, bytes + length);
}

bench_ethernet ethernet_of(bool is_v6) {
  const MacAddress to = *MacAddress::parse(kBalancerMac), from = *MacAddress::parse(kRouterMac);
  bench_ethernet eth = {};
  std::memcpy(&eth.to_begin, to.bytes().data(), 4);
  std::memcpy(&eth.to_end, to.bytes().data() + 4, 2);
  std::memcpy(&eth.from_begin, from.bytes().data(), 2);
  std::memcpy(&eth.from_end, from.bytes().data() + 2, 4);
  eth.type = htons(is_v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
  return eth;
}

uint16_t checksum(const bench_ipv4& ip) {
  uint16_t words[sizeof(ip) / 2];
  std::memcpy(words, &ip, sizeof(ip));
  uint32_t sum = 0;
  for (uint16_t w : words) sum += w;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return uint16_t(~sum);
}

// The checksum is flow 0's: nobody on the way of a packet looks at it, so none is computed for the
// others. The same goes for the one of TCP, which is not even right for flow 0.
bench_ipv4 ipv4_of(const Packet& packet, const IpAddress& destination, size_t length) {
  bench_ipv4 ip = {.version_and_length = 4 << 4 | sizeof(bench_ipv4) / 4,
                   .length = htons(uint16_t(length)),
                   .fragment = htons(kDontFragment),
                   .ttl = kTtl,
                   .protocol = packet.protocol};
  std::memcpy(&ip.source, IpAddress::parse(kFirstClient4)->data(), sizeof(ip.source));
  std::memcpy(&ip.destination, destination.data(), sizeof(ip.destination));
  ip.checksum = checksum(ip);
  return ip;
}

bench_ipv6 ipv6_of(const Packet& packet, const IpAddress& destination, size_t payload) {
  bench_ipv6 ip = {.version_class_label = htonl(6u << 28),
                   .payload_length = htons(uint16_t(payload)),
                   .next_header = packet.protocol,
                   .hop_limit = kTtl};
  std::memcpy(ip.source, IpAddress::parse(kFirstClient6)->data(), sizeof(ip.source));
  std::memcpy(ip.destination, destination.data(), sizeof(ip.destination));
  return ip;
}

bench_tcp tcp_of(const Packet& packet) {
  constexpr uint16_t kOffset = sizeof(bench_tcp) / 4 << 12;
  return {.destination = htons(packet.port),
          .sequence = htonl(1),
          .acknowledged = htonl(packet.tcp_flags & kTcpAck ? 1 : 0),
          .offset_and_flags = htons(kOffset | packet.tcp_flags),
          .window = 0xffff};
}

}  // namespace

bench_headers headers_of(const Packet& packet) {
  const IpAddress destination = *IpAddress::parse(packet.destination);
  const bool v6 = !destination.is_v4(), udp = packet.protocol == IPPROTO_UDP;
  const size_t ip_header = v6 ? sizeof(bench_ipv6) : sizeof(bench_ipv4);
  const size_t l4_header = udp ? sizeof(bench_udp) : sizeof(bench_tcp);
  const size_t before_l4 = BENCH_ETHERNET_LENGTH + ip_header;
  const size_t l4_length = std::max(kFrameLength, before_l4 + l4_header) - before_l4;
  bench_headers h = {.ethernet = ethernet_of(v6), .is_v6 = v6, .is_udp = udp};
  if (v6) {
    h.ipv6 = ipv6_of(packet, destination, l4_length);
  } else {
    h.ipv4 = ipv4_of(packet, destination, ip_header + l4_length);
  }
  if (udp) {
    h.udp = {.destination = htons(packet.port), .length = htons(uint16_t(l4_length))};
  } else {
    h.tcp = tcp_of(packet);
  }
  return h;
}

std::vector<uint8_t> frame_of(const bench_headers& headers, uint32_t flow) {
  bench_headers h = headers;
  h.ipv4.source = htonl(uint32_t(bench_flow_address(ntohl(h.ipv4.source), flow)));
  h.ipv6.source[1] = htobe64(bench_flow_address(be64toh(h.ipv6.source[1]), flow));
  (h.is_udp ? h.udp.source : h.tcp.source) = htons(bench_flow_port(flow));
  std::vector<uint8_t> out;
  append(out, h.ethernet, BENCH_ETHERNET_LENGTH);
  h.is_v6 ? append(out, h.ipv6) : append(out, h.ipv4);
  h.is_udp ? append(out, h.udp) : append(out, h.tcp);
  out.resize(std::max(out.size(), kFrameLength));
  return out;
}

}  // namespace sluice::bench
