// SPDX-License-Identifier: Apache-2.0
#include "plan/member_head.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

#include <cstring>

namespace sluice {

namespace {

constexpr uint8_t kTtl = 64;

uint8_t* head_bytes(sluice_member& m) {
  return reinterpret_cast<uint8_t*>(m.head);
}

template <class Header>
void append(sluice_member& m, const Header& header) {
  static_assert(std::is_trivially_copyable_v<Header>);
  std::memcpy(head_bytes(m) + m.head_len, &header, sizeof(header));
  m.head_len = uint16_t(m.head_len + sizeof(header));
}

// One's complement sum of the header's 16-bit words as they lie in memory (RFC 1071).
uint16_t partial_sum(const iphdr& ip) {
  uint16_t words[sizeof(ip) / 2];
  std::memcpy(words, &ip, sizeof(ip));
  uint32_t sum = 0;
  for (uint16_t w : words) sum += w;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return uint16_t(sum);
}

void append_ethernet(sluice_member& m, const NextHop& way, uint16_t type) {
  ether_header eth = {};
  std::memcpy(eth.ether_dhost, way.destination.bytes().data(), ETH_ALEN);
  std::memcpy(eth.ether_shost, way.source.bytes().data(), ETH_ALEN);
  eth.ether_type = htons(type);
  append(m, eth);
}

void append_ipv4(sluice_member& m, const IpAddress& source, const IpAddress& to, uint8_t protocol) {
  iphdr ip = {};
  ip.version = 4;
  ip.ihl = sizeof(ip) / 4;
  ip.frag_off = htons(IP_DF);
  ip.ttl = kTtl;
  ip.protocol = protocol;
  std::memcpy(&ip.saddr, source.data(), sizeof(ip.saddr));
  std::memcpy(&ip.daddr, to.data(), sizeof(ip.daddr));
  append(m, ip);
  m.outer = 4;
  m.csum = partial_sum(ip);
}

void append_ipv6(sluice_member& m, const IpAddress& source, const IpAddress& to, uint8_t protocol) {
  ip6_hdr ip = {};
  ip.ip6_vfc = 6 << 4;
  ip.ip6_nxt = protocol;
  ip.ip6_hlim = kTtl;
  std::memcpy(&ip.ip6_src, source.data(), sizeof(ip.ip6_src));
  std::memcpy(&ip.ip6_dst, to.data(), sizeof(ip.ip6_dst));
  append(m, ip);
  m.outer = 6;
}

}  // namespace

sluice_member member_head(const Backend& backend, const NextHop& way, InnerFamily inner) {
  const bool v4 = backend.address.is_v4();
  const auto& chosen = v4 ? backend.forward.source_v4 : backend.forward.source_v6;
  const IpAddress source = chosen.value_or(way.preferred_source);
  const uint8_t protocol = inner == InnerFamily::kV4 ? IPPROTO_IPIP : IPPROTO_IPV6;

  sluice_member m = {};
  m.ifindex = way.ifindex;
  append_ethernet(m, way, v4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
  if (v4) {
    append_ipv4(m, source, backend.address, protocol);
  } else {
    append_ipv6(m, source, backend.address, protocol);
  }
  m.last_at = uint8_t(m.head_len - sizeof(m.last_word));
  std::memcpy(&m.last_word, head_bytes(m) + m.last_at, sizeof(m.last_word));
  return m;
}

uint64_t head_mac_word(const sluice_member& member) {
  return member.head[0];
}

bool same_but_next_hop_mac(const sluice_member& a, const sluice_member& b) {
  sluice_member c = a;
  std::memcpy(c.head, b.head, ETH_ALEN);
  return std::memcmp(&c, &b, sizeof(c)) == 0;
}

}  // namespace sluice
