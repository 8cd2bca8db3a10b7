// SPDX-License-Identifier: Apache-2.0
#include "loadgen/packet_view.h"

#include <fmt/format.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <algorithm>
#include <cstring>

#include "netns/checksum.h"

namespace sluice::loadgen {

namespace {

using netns::checksum_of;
using netns::sum_of_words;

constexpr size_t kEthernet = 14, kTag = 4, kMostTags = 2;
constexpr uint16_t kQinQ = 0x88a8;
constexpr size_t kIpv4 = 20, kIpv6 = 40, kFragment = 8, kUdp = 8, kGre = 4, kGueHeader = 4,
                 kGeneve = 8;
constexpr size_t kTcpCheckAt = 16, kUdpCheckAt = 6, kUdpLengthAt = 4;

uint16_t get16(const uint8_t* at) {
  return uint16_t(at[0] << 8 | at[1]);
}

std::optional<IpView> read_ip4(BytesView b) {
  if (b.size() < kIpv4 || b[0] >> 4 != 4) return {};
  const size_t header = size_t(b[0] & 0xf) * 4, length = get16(&b[2]);
  if (header < kIpv4 || length < header || length > b.size()) return {};
  if (checksum_of(sum_of_words(b.data(), header)) != 0) return {};
  const uint16_t offset = get16(&b[6]) & 0x1fff;
  return IpView{.packet = b.first(length),
                .payload = b.subspan(header, length - header),
                .protocol = b[9],
                .later_fragment = offset != 0,
                .source = IpAddress::from_v4(&b[12]),
                .destination = IpAddress::from_v4(&b[16])};
}

std::optional<IpView> read_ip6(BytesView b) {
  if (b.size() < kIpv6 || b[0] >> 4 != 6) return {};
  const size_t length = kIpv6 + get16(&b[4]);
  if (length > b.size()) return {};
  IpView ip = {.packet = b.first(length),
               .payload = b.subspan(kIpv6, length - kIpv6),
               .protocol = b[6],
               .v6 = true,
               .source = IpAddress::from_v6(&b[8]),
               .destination = IpAddress::from_v6(&b[24])};
  if (ip.protocol != IPPROTO_FRAGMENT) return ip;
  if (ip.payload.size() < kFragment) return {};
  ip.protocol = ip.payload[0];
  ip.later_fragment = (get16(&ip.payload[2]) & 0xfff8) != 0;
  ip.payload = ip.payload.subspan(kFragment);
  return ip;
}

// By the version in the first byte.
std::optional<EthernetView> ip_at(BytesView b) {
  if (b.empty()) return {};
  if (b[0] >> 4 == 4) return EthernetView{b, ETHERTYPE_IP};
  if (b[0] >> 4 == 6) return EthernetView{b, ETHERTYPE_IPV6};
  return {};
}

// FOU and GUE variant 1 carry IP at once, GUE variant 0 begins with a zero and the number of IP,
// Geneve without options with two zeros and the EtherType.
std::optional<EthernetView> take_udp_off(const IpView& outer) {
  if (outer.payload.size() < kUdp || get16(&outer.payload[kUdpLengthAt]) != outer.payload.size())
    return {};
  if (!is_intact(outer)) return {};
  const BytesView b = outer.payload.subspan(kUdp);
  if (b.size() < kGeneve) return {};
  if (const std::optional<EthernetView> direct = ip_at(b)) return direct;
  if (b[0] != 0) return {};
  if (b[1] == IPPROTO_IPIP || b[1] == IPPROTO_IPV6) return ip_at(b.subspan(kGueHeader));
  return EthernetView{b.subspan(kGeneve), get16(&b[2])};
}

// The sum of the pseudo header, for `length` bytes behind it.
uint32_t pseudo_sum(const IpView& ip, size_t length) {
  const size_t addresses = ip.v6 ? 32 : 8, at = ip.v6 ? 8 : 12;
  return sum_of_words(&ip.packet[at], addresses) + htons(uint16_t(length)) + htons(ip.protocol);
}

}  // namespace

BackendKey BackendKey::of_mac(const uint8_t* mac) {
  BackendKey key = {.is_mac = true};
  std::copy_n(mac, ETHER_ADDR_LEN, key.bytes.begin());
  return key;
}

std::string BackendKey::to_string() const {
  if (!is_mac) return IpAddress(bytes).to_string();
  MacAddress::Bytes mac = {};
  std::copy_n(bytes.begin(), mac.size(), mac.begin());
  return MacAddress(mac).to_string();
}

std::optional<EthernetView> read_ethernet(BytesView frame) {
  if (frame.size() < kEthernet) return {};
  size_t at = kEthernet;
  uint16_t type = get16(&frame[at - 2]);
  for (size_t tags = 0; type == ETHERTYPE_VLAN || type == kQinQ; tags++, at += kTag) {
    if (tags == kMostTags || frame.size() < at + kTag) return {};
    type = get16(&frame[at + 2]);
  }
  return EthernetView{frame.subspan(at), type};
}

std::optional<IpView> read_ip(BytesView bytes, uint16_t ethertype) {
  if (ethertype == ETHERTYPE_IP) return read_ip4(bytes);
  if (ethertype == ETHERTYPE_IPV6) return read_ip6(bytes);
  return {};
}

std::optional<EthernetView> take_tunnel_off(const IpView& outer) {
  const BytesView b = outer.payload;
  if (outer.later_fragment) return {};
  switch (outer.protocol) {
    case IPPROTO_IPIP:
      return EthernetView{b, ETHERTYPE_IP};
    case IPPROTO_IPV6:
      return EthernetView{b, ETHERTYPE_IPV6};
    case IPPROTO_GRE:  // without options, version 0
      if (b.size() < kGre || get16(b.data()) != 0) return {};
      return EthernetView{b.subspan(kGre), get16(&b[2])};
    case IPPROTO_UDP:
      return take_udp_off(outer);
    default:
      return {};
  }
}

bool is_echo_reply(const IpView& ip) {
  if (ip.payload.empty()) return false;
  return (ip.protocol == IPPROTO_ICMP && ip.payload[0] == ICMP_ECHOREPLY) ||
         (ip.protocol == IPPROTO_ICMPV6 && ip.payload[0] == ICMP6_ECHO_REPLY);
}

bool is_intact(const IpView& ip) {
  const BytesView b = ip.payload;
  const uint32_t sum = sum_of_words(b.data(), b.size());
  if (ip.later_fragment) return checksum_of(sum) == 0;
  switch (ip.protocol) {
    case IPPROTO_ICMP:
      return checksum_of(sum) == 0;
    case IPPROTO_ICMPV6:
      return checksum_of(sum + pseudo_sum(ip, b.size())) == 0;
    case IPPROTO_TCP:
      return b.size() > kTcpCheckAt && checksum_of(sum + pseudo_sum(ip, b.size())) == 0;
    case IPPROTO_UDP:
      if (b.size() < kUdp) return false;
      // Of fragments the datagram is longer than what is here.
      return get16(&b[kUdpCheckAt]) == 0 ||
             checksum_of(sum + pseudo_sum(ip, get16(&b[kUdpLengthAt]))) == 0;
    default:
      return false;
  }
}

}  // namespace sluice::loadgen
